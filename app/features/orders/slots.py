"""What orders add to pages that show many rooms."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.orders.models import Order, OrderLine
from app.kernel import db
from app.kernel.access import Role
from app.kernel.money import Money
from app.kernel.slots import Hit
from app.kernel.terms import LAST


@dataclass(frozen=True)
class OrderCard:
    """One order as lists and cards show it."""

    order_id: UUID
    customer_id: UUID
    customer: str
    what: str
    number: str
    """The number of its invoice: what people call an order by."""
    total: Money
    tone: str
    """The state's tone, as `ui.state` takes it."""
    state: str
    """The state in words."""
    placed_at: datetime

    @property
    def href(self) -> str:
        """Its page for staff."""
        return f"/admin/orders/{self.order_id}"


STATES = {
    "pending": ("info", "Waiting for payment"),
    "completed": ("good", "Paid"),
    "cancelled": ("done", "Cancelled"),
}
"""Tone and words of each status."""


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
    return [_card(*row) for row in db.session().execute(wanted)]


def _card(order: Order, customer: Customer, what: str) -> OrderCard:
    tone, state = STATES[order.status]
    return OrderCard(
        order_id=order.id,
        customer_id=customer.id,
        customer=customer.title,
        what=what,
        number=order.number,
        total=order.total,
        tone=tone,
        state=state,
        placed_at=order.created_at,
    )


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Orders whose number begins so, for those who see money. One query over the index by number."""
    begin = text.strip().upper()
    if role < Role.BILLING or not begin or not begin.isprintable():
        return []
    wanted = (
        sa.select(Order.id, Order.number, Order.status, Customer.company, Customer.name)
        .join(Customer, Customer.id == Order.customer_id)
        .where(Order.number >= begin, Order.number < begin + LAST)
        .order_by(Order.number.desc())
        .limit(limit)
    )
    return [
        Hit("Orders", one.number, f"{one.company or one.name} · {STATES[one.status][1]}", f"/admin/orders/{one.id}",
            "shopping-cart")
        for one in db.session().execute(wanted)
    ]  # fmt: skip
