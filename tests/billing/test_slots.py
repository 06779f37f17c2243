"""What billing tells the pages that show many rooms."""

from app.features.billing import slots
from app.kernel import db
from app.kernel.money import Money
from tests.catalogue.factories import make_promo_code
from tests.orders.factories import make_order


def test_what_a_customer_owes_is_summed_per_currency(plans, alice, bob, now):
    make_order(alice, cycle="monthly")
    now.shift(15 * 24 * 3600)
    make_order(alice, cycle="monthly")
    make_order(bob, cycle="monthly")

    assert slots.owed_by(alice.customer_id) == [slots.OpenAmount(Money(998, "USD"), invoices=2, overdue=1)]
    assert slots.owed_by(bob.customer_id) == [slots.OpenAmount(Money(499, "USD"), invoices=1, overdue=0)]


def test_a_balance_tells_what_is_open_and_what_is_paid(plans, alice):
    make_promo_code("GIFT", percent=100)
    make_order(alice, promo_code="GIFT")
    make_order(alice, cycle="monthly")

    (balance,) = slots.balances_of(alice.customer_id)
    assert (balance.open, balance.open_invoices, balance.paid_invoices) == (Money(499, "USD"), 1, 1)


def test_the_most_urgent_invoice_comes_first(plans, alice, now, queries):
    make_order(alice, cycle="monthly")
    now.shift(3600)
    make_order(alice)
    db.session().flush()

    with queries(max=1):
        first, count = slots.next_to_pay(alice.customer_id)
    assert (first.number, count) == ("MP-2026-000001", 2)
    assert [card.number for card in slots.recent_invoices(alice.customer_id)] == ["MP-2026-000002", "MP-2026-000001"]


def test_days_until_due_are_counted_on_the_sellers_calendar(plans, alice, now):
    invoice = make_order(alice).invoice
    said = []
    for moment in ("2026-11-20T23:59", "2026-12-03T00:01", "2026-12-04T00:00", "2026-12-04T13:22"):
        now.move_to(f"{moment}:00+00:00", tick=False)
        said.append(slots.state_of(invoice)[1])

    assert said == ["Due in 14 days", "Due tomorrow", "Due today", "Overdue since 4 Dec 2026"]
