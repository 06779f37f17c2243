"""`/admin/customers/{id}/merging`: chosen, looked at, named, done; and where the old address leads."""

import re

import pytest

from app.features.merging import service
from app.features.people import service as people
from app.kernel.access import Role
from app.kernel.money import Money
from tests.accounts.factories import make_colleague
from tests.merging.factories import fill, make_old, merge
from tests.orders.factories import customer_of
from tests.payments.factories import make_invoice
from tests.people.factories import make_invitation
from tests.support.cast import principal_of

CREDIT = Money(250, "USD").plain


@pytest.fixture
def ann(tenant):
    """OWNER of Oldname, which goes into Alice's account."""
    return make_old()


@pytest.mark.both_stores
def test_staff_find_the_other_one_see_what_happens_name_what_goes_and_get_there(plans, as_sam, ann, alice, sam):
    fill(ann, sam)
    old_id, kept_id = ann.customer_id, alice.customer_id
    assert f"/admin/customers/{old_id}/merging" in as_sam.get(f"/admin/customers/{old_id}").text
    here = f"/admin/customers/{old_id}/merging"
    assert "Find the customer that is kept" in as_sam.get(here).text
    found = as_sam.get(f"{here}?q=alice").text
    assert f'href="{here}/{kept_id}"' in found and f'href="{here}/{old_id}"' not in found

    seen = as_sam.get(f"{here}/{kept_id}").text
    for words in (
        "2 people",
        "1 service",
        "1 order",
        "1 note",
        "1 invoice",
        "1 payment",
        CREDIT,
        "It cannot be undone",
    ):
        assert words in seen, words
    answer = as_sam.post(f"{here}/{kept_id}", data={"confirm_name": "another"})
    assert answer.status_code == 422 and "Type Oldname" in answer.text
    answer = as_sam.post(f"{here}/{kept_id}", data={"confirm_name": "Oldname"})

    assert (answer.status_code, answer.location) == (303, f"/admin/customers/{kept_id}")
    page = as_sam.get(answer.location).text
    assert "Oldname is part of Alice Marchetti now." in page
    assert "Merged in" in page and "Another customer merged into it" in page


def test_who_is_invited_is_named_before_they_come_into_another_account(as_sam, ann, alice):
    make_invitation(ann, email="carl@example.com", customer_id=ann.customer_id)
    moves, _token = make_invitation(ann, email="dora@example.com", customer_id=ann.customer_id, role=Role.ADMIN)
    gone, _token = make_invitation(ann, email="eve@example.com", customer_id=ann.customer_id)
    people.withdraw(principal_of(ann), gone)
    make_invitation(alice, email="carl@example.com", customer_id=alice.customer_id)

    seen = as_sam.get(f"/admin/customers/{ann.customer_id}/merging/{alice.customer_id}").text

    named = re.search(r"Who is invited.*?</section>", seen, re.DOTALL)[0]
    told = re.findall(r'cut">([^<]+)</div><div class="s cut">([^<]+)</div></div><div class="end muted">([^<]+)', named)
    assert told == [
        ("carl@example.com", "Withdrawn: invited to Alice Marchetti already", "Member"),
        ("dora@example.com", "Invited to Alice Marchetti then", "Admin"),
    ]
    at = f"/api/v1/customers/{ann.customer_id}/merge?kept_id={alice.customer_id}"
    assert as_sam.get(at).json["invitations"] == [str(moves.id)]


def test_the_old_address_leads_to_the_kept_one_and_says_so(as_sam, ann, alice):
    old_id = ann.customer_id
    invoice = make_invoice(ann)
    merge(ann, alice)

    answer = as_sam.get(f"/admin/customers/{old_id}")

    assert (answer.status_code, answer.location) == (302, f"/admin/customers/{alice.customer_id}")
    assert "Oldname was merged into Alice Marchetti." in as_sam.get(answer.location).text
    assert f"/admin/customers/{alice.customer_id}" in as_sam.get(f"/admin/billing/{invoice.id}").text
    for path in ("details", "people", "merging"):
        answer = as_sam.get(f"/admin/customers/{old_id}/{path}")
        assert answer.status_code == 409 and "was merged into" in answer.text, path
        assert "<h1>One customer now</h1>" in answer.text and "Go to your overview" in answer.text, path
    assert (
        as_sam.post(f"/admin/customers/{old_id}/details", data={"name": "X", "email": "x@x.example"}).status_code == 409
    )


def test_searching_everything_for_the_old_name_finds_the_kept_one(as_sam, ann, alice):
    old_id = ann.customer_id
    merge(ann, alice)

    found = as_sam.get("/admin/search?q=oldname").text

    assert f"/admin/customers/{alice.customer_id}" in found and str(old_id) not in found


@pytest.mark.both_stores
def test_the_people_of_both_see_the_things_of_both_in_the_portal(plans, sign_in, ann, alice, sam):
    browser_of_ann, browser_of_alice = sign_in(ann), sign_in(alice)
    old, new = fill(ann, sam), make_invoice(alice, 777)
    merge(ann, alice)

    for browser in (browser_of_ann, browser_of_alice):
        bills = browser.get("/client/billing").text
        assert old.number in bills and new.number in bills
        assert browser.get(f"/client/billing/{old.id}").status_code == 200
        assert browser.get(f"/client/billing/{new.id}").status_code == 200
        assert "Shared" in browser.get("/client").text or "Starter" in browser.get("/client").text
        assert f"{CREDIT} credit" in bills


def test_what_stands_in_the_way_is_on_the_page_and_there_is_no_button(as_sam, ann, alice):
    customer_of(alice).status = "closed"
    here = f"/admin/customers/{ann.customer_id}/merging/{alice.customer_id}"

    page = as_sam.get(here).text
    assert "Alice Marchetti is closed" in page and "Merge for good" not in page
    assert as_sam.post(here, data={"confirm_name": "Oldname"}).status_code == 409


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_staff_below_admin_neither_see_it_nor_do_it(sign_in, ann, alice, role):
    browser = sign_in(make_colleague(role))
    here = f"/admin/customers/{ann.customer_id}/merging"

    assert here not in browser.get(f"/admin/customers/{ann.customer_id}").text
    for answer in (
        browser.get(here),
        browser.get(f"{here}/{alice.customer_id}"),
        browser.post(f"{here}/{alice.customer_id}"),
    ):
        assert answer.status_code == 403


def test_a_stranger_and_the_staff_of_another_tenant_find_nothing(as_alice, as_sam, ann, alice, charlie):
    here = f"/admin/customers/{ann.customer_id}/merging/{alice.customer_id}"
    assert as_alice.post(here, data={"confirm_name": "Oldname"}).status_code in {302, 303, 403, 404}
    for goes, kept in ((ann, charlie), (charlie, alice)):
        there = f"/admin/customers/{goes.customer_id}/merging/{kept.customer_id}"
        assert as_sam.get(there).status_code == as_sam.post(there, data={"confirm_name": "x"}).status_code == 404
    assert customer_of(ann).merged_at is None


def test_a_preview_costs_as_much_for_many_records_as_for_few(plans, ann, alice, sam, queries):
    fill(ann, sam)
    for _ in range(3):
        make_invoice(ann)
    goes, kept = customer_of(ann), customer_of(alice)
    with queries(max=25):
        service.preview(goes, kept)


@pytest.mark.both_stores
def test_invoices_of_the_merged_one_are_found_by_either_name(as_olive, ann, alice):
    invoice = make_invoice(ann)
    merge(ann, alice)

    for name in ("oldname", "marchetti"):
        assert invoice.number in as_olive.get(f"/admin/billing?q={name}").text


def test_itself_is_refused_on_the_page_and_off_it(as_sam, ann):
    here = f"/admin/customers/{ann.customer_id}/merging/{ann.customer_id}"

    page = as_sam.get(here).text
    assert "This is the same customer." in page and "Merge for good" not in page and "Is kept" not in page
    assert as_sam.post(here, data={"confirm_name": "Oldname"}).status_code == 409
