"""Invoices are numbered without gaps, booked, found by those who may, and never changed."""

from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa

from app.features.billing import guards, ledger, own, service
from app.features.billing.ledger import Posting, Unbalanced
from app.features.billing.models import Invoice, LedgerPosting, NumberSeries
from app.features.billing.service import Discount, LineDraft, NotADraft
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import NotFound
from app.kernel.money import Money
from tests.orders.factories import customer_of
from tests.support.cast import make_staff, principal_of

STARTER = LineDraft("Starter, 1 year", 4990)


def change(statement):
    db.session().connection().exec_driver_sql(statement)


def issue(user, *, lines=(STARTER,), discount=0):
    taken = Discount(Money(discount, "USD"), "SAVE") if discount else None
    return service.issue(customer=customer_of(user), lines=lines, currency="USD", discount=taken)


def test_an_issued_invoice_has_number_amounts_and_fourteen_days(alice):
    invoice = issue(alice, discount=998)

    assert invoice.number == "MP-2026-000001"
    assert invoice.status == "issued"
    assert (invoice.subtotal_minor, invoice.discount_minor, invoice.total_minor) == (4990, 998, 3992)
    assert invoice.due_at == clock.now() + timedelta(days=14)
    assert invoice.taxes == [{"rule": "none", "rate": "0", "base_minor": 3992, "tax_minor": 0}]


def test_the_year_of_a_number_is_the_sellers_own(alice, tenant, now):
    now.move_to("2026-12-31T23:30:00+00:00", tick=False)
    db.session().connection().exec_driver_sql("UPDATE tenants SET time_zone = 'Europe/Paris'")

    assert issue(alice).number == "MP-2027-000001"


def test_numbers_run_on_and_each_tenant_has_its_own(alice, charlie, other_tenant):
    assert [issue(alice).sequence for _ in range(3)] == [1, 2, 3]
    db.session().flush()

    with tenancy.as_tenant(other_tenant.id):
        assert issue(charlie).sequence == 1
        db.session().flush()


def test_a_line_keeps_how_its_amount_came_about(alice):
    invoice = issue(alice, lines=[LineDraft("Half a month", 999, quantity=2, factor=Fraction(1, 2))], discount=99)

    line = service.find(principal_of(alice), invoice.id).lines[0]
    assert line.computation == {
        "unit_minor": "999",
        "quantity": "2",
        "factor": "1/2",
        "rounding": "each line half up to the minor unit",
        "gross_minor": 999,
        "discount_minor": 99,
        "net_minor": 900,
        "tax_rule": "none",
        "tax_rate": "0",
    }


def test_a_draft_has_no_number_and_is_booked_nowhere(alice):
    invoice = service.draft(customer=customer_of(alice), lines=[STARTER], currency="USD")

    assert (invoice.status, invoice.number, invoice.sequence) == ("draft", None, None)
    assert db.session().scalar(sa.select(sa.func.count()).select_from(LedgerPosting)) == 0
    with pytest.raises(NotFound):
        service.find(principal_of(alice), invoice.id)


def test_an_invoice_is_issued_once(alice):
    invoice = issue(alice)

    with pytest.raises(NotADraft):
        service.issue_draft(invoice)


def test_nothing_to_pay_is_paid_at_once(alice):
    invoice = issue(alice, discount=9999)

    assert (invoice.status, invoice.total_minor, invoice.paid_at) == ("paid", 0, clock.now())
    assert ledger.check() == []


def test_an_issue_is_booked_in_balance(alice):
    issue(alice, discount=998)

    booked = dict(db.session().execute(sa.select(LedgerPosting.account, LedgerPosting.amount_minor)).all())
    assert booked == {"receivable": 3992, "discounts": 998, "revenue": -4990}
    assert ledger.check() == []


def test_an_entry_out_of_balance_is_refused(alice):
    with pytest.raises(Unbalanced):
        ledger.post(
            "test",
            [Posting("receivable", Money(100, "USD")), Posting("revenue", Money(-100, "EUR"))],
            customer_id=alice.customer_id,
        )


def test_the_ledger_check_finds_an_invoice_that_was_not_booked(alice):
    invoice = issue(alice)
    connection = db.session().connection()
    connection.exec_driver_sql("DROP TRIGGER ledger_postings_delete")
    connection.exec_driver_sql("DELETE FROM ledger_postings WHERE account = 'revenue'")

    found = ledger.check()

    assert any("off by 4990 USD" in sentence for sentence in found)
    assert f"invoice {invoice.number} is not booked with its amounts" in found


def test_every_column_of_an_invoice_is_frozen_or_known_to_move():
    columns = {column.name for column in Invoice.__table__.columns}

    assert columns == {*guards.FROZEN, *guards.MOMENTS, "status", "paid_minor"}


@pytest.mark.both_stores
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices SET subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1",
        "UPDATE invoices SET number = 'MP-2026-000009'",
        "UPDATE invoices SET sequence = 9",
        "UPDATE invoices SET currency = 'EUR'",
        "UPDATE invoices SET billed_to = '{}'",
        "UPDATE invoices SET due_at = '2030-01-01 00:00:00'",
        "UPDATE invoices SET status = 'draft'",
        "UPDATE invoices SET status = 'refunded', refunded_at = '2026-12-01 00:00:00'",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET net_minor = 1",
        "UPDATE invoice_lines SET description = 'Something else'",
        "DELETE FROM invoice_lines",
        "UPDATE ledger_postings SET amount_minor = 1",
        "DELETE FROM ledger_postings",
        "UPDATE ledger_entries SET kind = 'other'",
        "DELETE FROM ledger_entries",
    ],
)
def test_the_database_refuses_to_change_what_was_issued(alice, statement):
    issue(alice)

    with pytest.raises(sa.exc.IntegrityError, match=r"never changes|only ever added"), db.session().begin_nested():
        change(statement)


@pytest.mark.both_stores
def test_the_database_refuses_another_line_on_an_issued_invoice(alice):
    invoice = issue(alice)
    line = service.find(principal_of(alice), invoice.id).lines[0]
    twin = {column.key: getattr(line, column.key) for column in type(line).__table__.columns if column.key != "id"}

    with pytest.raises(sa.exc.IntegrityError, match="never changes"), db.session().begin_nested():
        db.session().add(type(line)(**{**twin, "position": 2}))
        db.session().flush()


@pytest.mark.both_stores
def test_what_becomes_of_an_invoice_moves_forward_only(alice):
    issue(alice)

    change("UPDATE invoices SET status = 'paid', paid_minor = total_minor, paid_at = '2026-12-01 00:00:00'")
    for refused in (
        "UPDATE invoices SET status = 'issued'",
        "UPDATE invoices SET status = 'void', voided_at = '2026-12-02 00:00:00'",
        "UPDATE invoices SET paid_at = '2026-12-02 00:00:00'",
    ):
        with pytest.raises(sa.exc.IntegrityError, match="never changes"), db.session().begin_nested():
            change(refused)
    change("UPDATE invoices SET status = 'refunded', refunded_at = '2026-12-03 00:00:00'")


@pytest.mark.both_stores
def test_a_draft_can_be_changed_and_dropped(alice):
    service.draft(customer=customer_of(alice), lines=[STARTER], currency="USD")

    change("UPDATE invoices SET discount_reason = 'Because'")
    change("DELETE FROM invoice_lines")
    change("DELETE FROM invoices")


def test_a_series_never_skips_what_was_rolled_back(alice):
    issue(alice)
    nested = db.session().begin_nested()
    issue(alice)
    nested.rollback()

    assert issue(alice).sequence == 2
    assert db.session().scalar(sa.select(NumberSeries.last)) == 2


def test_an_invoice_is_for_its_own_customer(alice, bob, charlie, other_tenant):
    invoice = issue(alice)

    assert service.find(principal_of(alice), invoice.id).invoice is invoice
    with pytest.raises(NotFound):
        service.find(principal_of(bob), invoice.id)
    with tenancy.as_tenant(other_tenant.id), pytest.raises(NotFound):
        service.find(principal_of(charlie), invoice.id)


@pytest.mark.parametrize(("role", "may"), [(Role.VIEWER, False), (Role.MEMBER, False), (Role.BILLING, True)])
def test_money_is_for_billing_and_up(alice, role, may):
    invoice = issue(alice)
    staff = make_staff(f"{role.name}@harbourline.example", role.name, role)
    alice.customer_role = int(role)

    for person in (staff, alice):
        if may:
            assert service.find(principal_of(person), invoice.id).invoice is invoice
        else:
            with pytest.raises(NotFound):
                service.find(principal_of(person), invoice.id)


def test_a_customers_list_shows_theirs_newest_first(alice, bob, now):
    for _ in range(3):
        issue(alice)
        now.shift(60)
    issue(bob)

    def listed(**asked: str) -> list[str]:
        found = own.INVOICES.page(own.INVOICES.read(asked), of=alice.customer_id)
        return [line.number[-1] for line in found.items]

    assert listed() == ["3", "2", "1"]
    assert listed(q="00002") == ["2"]
    assert listed(q="%") == listed(q="_") == listed(state="paid") == []
    assert listed(state="issued", q="mp-") == ["3", "2", "1"]
