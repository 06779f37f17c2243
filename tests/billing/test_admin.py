"""`/admin/billing`: every invoice, found, explained, booked, exported, for those who see money."""

import csv
import io

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.billing import ledger, slots
from app.kernel import db
from app.kernel.access import Role
from tests.orders.factories import customer_of, make_order
from tests.payments.factories import make_invoice, make_payment
from tests.support.cast import make_staff

HERE = "/admin/billing"


def test_the_list_shows_every_invoice_and_what_is_open(plans, as_sam, alice, bob, queries):
    make_payment(make_invoice(alice, 5000), 1000)
    make_payment(make_invoice(bob))
    db.session().flush()

    with queries(max=8):
        text = as_sam.get(HERE).text
    for words in ("MP-2026-000001", "MP-2026-000002", "USD 40.00 open", "Due in 14 days", "Paid", "Bob Calder"):
        assert words in text


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 2, 3}), ("status=paid", {2}), ("status=issued", {1, 3}), ("overdue=1", {1}), ("q=mp-2026-000003", {3}),
        ("q=MP-2026", {1, 2, 3}), ("q=calder", {2}), ("q=nobody", set()), ("currency=EUR", set()), ("currency=USD", {1, 2, 3}),
        ("from=2026-12-01", {3}), ("to=2026-11-30", {1, 2}), ("status=nonsense", {1, 2, 3}), ("q=%00", {1, 2, 3}),
    ],
)  # fmt: skip
def test_invoices_are_found_by_number_customer_state_and_day(as_sam, sam, alice, bob, now, query, found):
    make_invoice(alice, 1000)
    make_payment(make_invoice(bob, 2000))
    now.shift(15 * 24 * 3600)
    make_invoice(alice, 3000)
    as_sam = as_sam.sign_in(sam, tenant_id=sam.tenant_id)

    text = as_sam.get(f"{HERE}?{query}").text

    assert {number for number in (1, 2, 3) if f">MP-2026-00000{number}<" in text} == found


@pytest.mark.parametrize(
    ("sort", "order"), [("newest", "321"), ("oldest", "123"), ("amount", "231"), ("smallest", "132")]
)
def test_the_list_is_sorted_as_asked(as_sam, alice, now, sort, order):
    for minor in (100, 900, 500):
        make_invoice(alice, minor)
        now.shift(60)

    text = as_sam.get(f"{HERE}?sort={sort}").text

    assert sorted("123", key=lambda number: text.index(f">MP-2026-00000{number}<")) == list(order)


def test_the_export_holds_what_the_list_shows_and_is_logged(as_sam, alice, bob):
    customer_of(alice).company = "=HYPERLINK(1)"
    make_invoice(alice)
    make_payment(make_invoice(bob))

    answer = as_sam.post(f"{HERE}/export", data={"as": "csv", "status": "issued"})

    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["number"], row["total"], row["currency"]) for row in rows] == [("MP-2026-000001", "39.92", "USD")]
    assert not rows[0]["company"].startswith("=")
    assert as_sam.post(f"{HERE}/export", data={"as": "xlsx"}).data[:2] == b"PK"
    assert as_sam.post(f"{HERE}/export", data={"as": "pdf"}).status_code == 422


def test_an_invoice_is_explained_and_booked(plans, as_sam, alice, queries):
    invoice = make_order(alice, promo_code="WELCOME20").invoice
    received = make_payment(invoice, 5000, reference="ZX-77")

    with queries(max=14):
        text = as_sam.get(f"{HERE}/{invoice.id}").text
    for words in (
        "Starter, 1 year", "49.90 × 1 = 49.90, less 9.98 as its share of the discount = 39.92", "Balanced",
        "Bank transfer, ZX-77", "USD 10.08 of it kept as credit", f"/admin/payments/{received.payment.id}", "Receivable",
        "Account credit", "each line half up to the minor unit", "Payment received", "Invoice paid",
    ):  # fmt: skip
        assert words in text


def test_only_who_may_change_money_is_offered_to_record_it(as_sam, sign_in, alice):
    invoice = make_invoice(alice)
    clerk = sign_in(make_staff("clerk@harbourline.example", "Clerk", Role.BILLING))

    assert "Record payment" in as_sam.get(f"{HERE}/{invoice.id}").text
    assert "Record payment" not in clerk.get(f"{HERE}/{invoice.id}").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_who_sees_no_money_is_kept_out(sign_in, alice, role):
    invoice = make_invoice(alice)
    browser = sign_in(make_staff("mo@harbourline.example", "Mo", role))

    assert browser.get(HERE).status_code == 403
    assert browser.get(f"{HERE}/{invoice.id}").status_code == 403
    assert browser.post(f"{HERE}/export", data={"as": "csv"}).status_code == 403
    assert slots.search("MP", role=role) == []


def test_a_stranger_finds_nothing(as_alice, as_charlie, as_olive, charlie, other_tenant, alice):
    invoice = make_invoice(alice)

    assert as_alice.get(f"{HERE}/{invoice.id}").status_code in {403, 404}
    assert as_charlie.get(f"{HERE}/{invoice.id}").status_code in {403, 404}
    assert as_olive.get(f"{HERE}/01936d5e-7c1a-7f2a-9a53-0c7b6a1f4d20").status_code == 404


def test_the_search_of_the_house_finds_numbers(alice, queries):
    make_invoice(alice)
    make_invoice(alice)
    db.session().flush()

    with queries(max=1):
        hits = slots.search("mp-2026-0000", role=Role.BILLING)
    assert [hit.label for hit in hits] == ["MP-2026-000002", "MP-2026-000001"]
    assert slots.search("2026", role=Role.OWNER) == []


def test_a_part_that_was_paid_is_owed_no_more(alice):
    make_payment(make_invoice(alice, 5000), 1000)
    make_payment(make_invoice(alice, 700))

    (owed,) = slots.owed_by(alice.customer_id)
    (balance,) = slots.balances_of(alice.customer_id)
    assert (owed.total.minor, balance.open.minor, balance.paid.minor, balance.paid_invoices) == (4000, 4000, 1700, 1)


@pytest.mark.both_stores
def test_an_unpaid_invoice_is_made_void_by_admins_and_takes_its_order_with_it(plans, as_sam, sign_in, alice):
    placed = make_order(alice, promo_code="WELCOME20")
    address = f"{HERE}/{placed.invoice.id}"
    clerk = sign_in(make_staff("bill@harbourline.example", "Bill", Role.BILLING))
    assert "Make void" not in clerk.get(address).text
    assert clerk.post(f"{address}/voiding").status_code == 403
    assert "USD 39.92 are asked for no more" in as_sam.get(address).text

    answer = as_sam.post(f"{address}/voiding")

    assert (answer.status_code, answer.location) == (303, address)
    assert (placed.invoice.status, placed.order.status, placed.subscription.status) == (
        "void",
        "cancelled",
        "cancelled",
    )
    assert (placed.order.promo_code_usage_id, placed.subscription.ending_reason) == (None, "Its invoice was made void")
    assert ledger.check() == []
    text = as_sam.get(address).text
    assert "is void." in text
    assert "made void 20 Nov 2026" in text
    assert "Make void" not in text
    assert as_sam.post(f"{address}/voiding").status_code == 409


def test_what_is_paid_in_part_or_whole_is_not_made_void(as_sam, alice, as_charlie):
    part, whole = make_invoice(alice, 2000), make_invoice(alice, 2000)
    make_payment(part, 1)
    make_payment(whole)

    for invoice in (part, whole):
        assert "Make void" not in as_sam.get(f"{HERE}/{invoice.id}").text
        assert as_sam.post(f"{HERE}/{invoice.id}/voiding").status_code == 409
        assert invoice.voided_at is None
    assert (part.status, whole.status) == ("issued", "paid")
    assert as_charlie.post(f"{HERE}/{part.id}/voiding").status_code == 403


def test_an_export_is_logged_with_its_filters_and_without_whom_was_searched_for(as_sam, alice, bob):
    make_payment(make_invoice(bob))

    answer = as_sam.post(f"{HERE}/export", data={"as": "csv", "status": "paid", "q": "calder"})

    assert "MP-2026-000001" in answer.get_data(as_text=True)
    db.session().flush()
    logged = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "DATA_EXPORTED")).one()
    assert logged.state_after == {"what": "invoices", "as": "csv", "filters": {"status": "paid"}}


def test_a_fragment_of_the_list_counts_nothing_that_it_does_not_show(as_sam, alice, queries):
    make_invoice(alice)
    address = f"{HERE}?status=paid"

    with queries() as whole:
        as_sam.get(address)
    with queries() as part:
        as_sam.get(address, headers={"HX-Request": "true", "HX-Target": "rows"})

    def counts(seen):
        return sum("count(" in statement for statement in seen)

    assert counts(whole) - counts(part) == 1  # beside the title: how many there are in all
