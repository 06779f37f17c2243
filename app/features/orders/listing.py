"""The list of orders."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.features.accounts.models import Customer
from app.features.orders.models import STATUSES, Order, OrderLine
from app.kernel.lists import Begins, Exact, Join, Listing, Search, Since, Sort, Until, Words


class Line(NamedTuple):
    """One order in the list."""

    id: UUID
    number: str
    status: str
    customer_id: UUID
    company: str
    name: str
    email: str
    what: str
    total_minor: int
    currency: str
    created_at: datetime
    completed_at: datetime | None


ORDERS = Listing(
    name="orders",
    here="/admin/orders",
    model=Order,
    columns=(
        Order.id, Order.number, Order.status, Order.customer_id, Customer.company, Customer.name, Customer.email,
        OrderLine.description, Order.total_minor, Order.currency, Order.created_at, Order.completed_at,
    ),
    row=Line,
    joins=(
        Join(Customer, Customer.id == Order.customer_id),
        Join(OrderLine, (OrderLine.order_id == Order.id) & (OrderLine.position == 1)),
    ),
    filters=(
        Exact("status", Order.status, STATUSES),
        Since("from", Order.created_at),
        Until("to", Order.created_at),
    ),
    search=Search("q", Begins(Order.number, rises=True), Words("customer", Order.customer_id)),
    sorts={
        "newest": Sort("Newest first", Order.created_at, is_falling=True),
        "oldest": Sort("Oldest first", Order.created_at),
        "amount": Sort("Largest first", Order.total_minor, is_falling=True),
    },
)  # fmt: skip
