"""What orders add to pages that show many rooms."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.orders.models import Order, OrderLine
from app.kernel import db
from app.kernel.money import Money


@dataclass(frozen=True)
class OrderCard:
    """One order as lists and cards show it."""

    order_id: UUID
    customer_id: UUID
    customer: str
    what: str
    total: Money
    status: str
    tone: str
    placed_at: datetime


_STATES = {
    "pending": ("info", "Waiting for payment"),
    "completed": ("good", "Paid"),
    "cancelled": ("done", "Cancelled"),
}


def new_orders(since: datetime) -> int:
    """How many orders came in since then. One query over the index by time."""
    return db.session().scalar(sa.select(sa.func.count()).select_from(Order).where(Order.created_at >= since)) or 0


def recent_orders(*, customer_id: UUID | None = None, limit: int = 8) -> list[OrderCard]:
    """The newest orders, of one customer or of all. One query."""
    wanted = (
        sa.select(Order, Customer, OrderLine.description)
        .join(Customer, Customer.id == Order.customer_id)
        .join(OrderLine, sa.and_(OrderLine.order_id == Order.id, OrderLine.position == 1))
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(limit)
    )
    if customer_id is not None:
        wanted = wanted.where(Order.customer_id == customer_id)
    return [_card(order, customer, what) for order, customer, what in db.session().execute(wanted)]


def _card(order: Order, customer: Customer, what: str) -> OrderCard:
    tone, state = _STATES[order.status]
    return OrderCard(order.id, customer.id, customer.title, what, order.total, state, tone, order.created_at)
