"""What came last: orders, customers, payments, as tuples in the order of the columns."""

import sqlalchemy as sa

from app.features.accounts import slots as accounts
from app.features.accounts.models import Customer
from app.features.orders import slots as orders
from app.features.payments.models import Payment
from app.features.payments.slots import STATES
from app.kernel import db, words
from app.kernel.money import Money

CUSTOMERS = "/admin/customers"
SHOWN = 6
Rows = list[tuple[str, ...]]


def sold(zone: str) -> Rows:
    """The newest orders. One query."""
    return [
        (
            card.what,
            f"/admin/orders/{card.order_id}",
            card.customer,
            card.tone,
            card.state,
            card.total.plain,
            card.placed_at.isoformat(),
            words.ago(card.placed_at, zone),
            words.exact(card.placed_at, zone),
        )
        for card in orders.recent_orders(limit=SHOWN)
    ]


def came(zone: str) -> Rows:
    """The newest customers. One query."""
    return [
        (
            f"{CUSTOMERS}/{customer.id}",
            words.initials(customer.title),
            customer.title,
            customer.email,
            customer.created_at.isoformat(),
            words.ago(customer.created_at, zone),
            words.exact(customer.created_at, zone),
        )
        for customer in accounts.latest_customers(SHOWN)
    ]


def paid(zone: str) -> Rows:
    """The newest payments, failed tries included. One query."""
    row = Payment
    newest = (
        sa.select(row.id, row.status, row.amount_minor, row.currency, row.created_at, Customer.company, Customer.name)
        .join(Customer, Customer.id == row.customer_id)
        .order_by(row.created_at.desc(), row.id.desc())
        .limit(SHOWN)
    )
    return [
        (
            f"/admin/payments/{payment_id}",
            company or name,
            *STATES[status],
            Money(amount, currency).plain,
            at.isoformat(),
            words.ago(at, zone),
            words.exact(at, zone),
        )
        for payment_id, status, amount, currency, at, company, name in db.session().execute(newest)
    ]
