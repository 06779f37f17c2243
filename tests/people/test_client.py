"""`/client/people`: who belongs to the customer's account."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.people.models import Invitation
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import make_mate
from tests.people.factories import logged, make_invitation
from tests.people.test_admin import names, words_of

HERE = "/client/people"
VERBS = ("role", "deactivation", "reactivation", "removal")
DATA = {"role": "VIEWER", "email": "ann@example.com"}


def test_an_owner_sees_everybody_and_who_is_invited(as_alice, alice):
    make_mate(alice, Role.BILLING)
    make_invitation(alice, email="ann@example.com", customer_id=alice.customer_id)

    response = as_alice.get(HERE)

    assert names(response) == ["ann@example.com", "Alice Marchetti", "Tom Finch"]
    assert "Sees and pays invoices" in words_of(response)
    assert "/client/people/departure" not in response.text  # she is the last owner
    assert f'href="{HERE}"' in as_alice.get("/client").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_others_read_and_may_leave(sign_in, alice, role):
    invitation, _token = make_invitation(alice, customer_id=alice.customer_id)
    mate = make_mate(alice, role)
    browser = sign_in(mate)
    page = browser.get(HERE)
    assert names(page) == ["Alice Marchetti", "Tom Finch"]
    assert f"{HERE}/{alice.id}" not in page.text and "Invite" not in words_of(page)
    assert browser.get(f"{HERE}/{alice.id}").status_code == 403
    for address in (
        f"{HERE}/invitations",
        f"{HERE}/invitations/{invitation.id}/withdrawal",
        *(f"{HERE}/{alice.id}/{verb}" for verb in VERBS),
    ):
        assert browser.post(address, data=DATA).status_code == 403
    assert browser.post(f"{HERE}/departure").location == "/sign-in"
    assert mate.removed_at is not None
    assert browser.get(HERE).status_code == 303
    assert [row.resource_id for row in logged("USER_REMOVED")] == [mate.id]


def test_the_last_owner_cannot_leave(as_alice, alice):
    assert as_alice.post(f"{HERE}/departure").status_code == 409
    assert as_alice.get(HERE).status_code == 200


def test_an_admin_looks_after_people_up_to_admin(sign_in, alice):
    admin, tom = make_mate(alice, Role.ADMIN, "Ada"), make_mate(alice, Role.VIEWER)
    browser = sign_in(admin)
    at = f"{HERE}/{tom.id}"
    page = browser.get(at)
    assert 'value="ADMIN"' in page.text and 'value="OWNER"' not in page.text
    assert "history-title" not in page.text and "logins-title" not in page.text
    assert browser.post(f"{at}/role", data={"role": "ADMIN"}).location == at
    assert browser.post(f"{at}/role", data={"role": "OWNER"}).status_code == 422
    assert browser.post(f"{at}/deactivation").location == at
    assert browser.post(f"{at}/reactivation").location == at
    for user in (alice, admin):
        was = (user.role, user.disabled_at, user.removed_at)
        for verb in VERBS:
            assert browser.post(f"{HERE}/{user.id}/{verb}", data=DATA).status_code in {403, 409}
        assert (user.role, user.disabled_at, user.removed_at) == was
    assert browser.post(f"{at}/removal").location == HERE
    assert names(browser.get(HERE)) == ["Alice Marchetti", "Ada Finch"]


def test_invitations(as_alice, alice, bob):
    assert as_alice.get(f"{HERE}/invitations/new").status_code == 200
    for email in ("ann@example.com", bob.email):
        answer = as_alice.post(f"{HERE}/invitations", data={"email": email, "role": "MEMBER"})
        assert (answer.status_code, answer.location) == (303, HERE)
    assert names(as_alice.get(HERE))[:2] == [bob.email, "ann@example.com"]
    again = as_alice.post(f"{HERE}/invitations", data={"email": "ann@example.com", "role": "MEMBER"})
    assert again.status_code == 422
    assert "invited already" in re.search(r'id="email-error">([^<]+)<', again.text)[1]
    invitation = db.session().scalars(sa.select(Invitation).where(Invitation.email_key == "ann@example.com")).one()
    assert as_alice.post(f"{HERE}/invitations/{invitation.id}/mails").location == HERE
    assert as_alice.post(f"{HERE}/invitations/{invitation.id}/withdrawal").location == HERE
    assert invitation.revoked_at is not None


def test_too_many_at_once_are_said_at_the_field_and_what_was_typed_stays(as_alice, alice):
    for _ in range(20):
        make_invitation(alice, customer_id=alice.customer_id)
    refused = as_alice.post(f"{HERE}/invitations", data={"email": "ann@example.com", "role": "MEMBER"})
    assert refused.status_code == 429
    assert "many invitations" in re.search(r'id="email-error">([^<]+)<', refused.text)[1]
    assert 'value="ann@example.com"' in refused.text


def test_no_field_of_a_person_is_taken_from_the_form(as_alice, alice):
    tom = make_mate(alice, Role.VIEWER)
    everything = {column.key: "5" for column in sa.inspect(User).columns if column.key != "role"}
    before = {column.key: getattr(tom, column.key) for column in sa.inspect(User).columns}
    as_alice.post(
        f"{HERE}/{tom.id}/role", data=everything | {"role": "MEMBER", "customer_role": "5", "staff_role": "5"}
    )
    after = {column.key: getattr(tom, column.key) for column in sa.inspect(User).columns}
    assert {name for name in before if before[name] != after[name]} == {"customer_role"}
    assert tom.role is Role.MEMBER


def test_the_page_asks_the_store_as_often_whatever_its_size(as_alice, alice, queries):
    for number in range(12):
        make_mate(alice, Role.VIEWER)
        make_invitation(alice, email=f"a{number}@example.com", customer_id=alice.customer_id)
    as_alice.get(HERE)
    with queries(max=10):
        as_alice.get(HERE)


def test_strangers(client, as_sam, as_bob, as_charlie, alice, bob, sam):
    tom = make_mate(alice, Role.VIEWER)
    invitation, _token = make_invitation(alice, customer_id=alice.customer_id)
    reads = [HERE, f"{HERE}/invitations/new", f"{HERE}/{tom.id}"]
    own = [f"{HERE}/invitations/{invitation.id}/{verb}" for verb in ("mails", "withdrawal")]
    writes = [*own, *(f"{HERE}/{tom.id}/{verb}" for verb in VERBS)]
    for address in reads:
        assert client.get(address).status_code == 303
        assert as_sam.get(address).status_code == 403
    for address in (*writes, f"{HERE}/departure", f"{HERE}/invitations"):
        assert client.post(address, data=DATA).status_code == 303
        assert as_sam.post(address, data=DATA).status_code == 403
    for browser in (as_bob, as_charlie):
        assert browser.get(f"{HERE}/{tom.id}").status_code == 404
        assert "Tom Finch" not in browser.get(HERE).text
        assert {browser.post(address, data=DATA).status_code for address in writes} == {404}
    assert tom.role is Role.VIEWER and invitation.revoked_at is None
