"""What orders tell about customers."""

import sqlalchemy as sa

from app.features.orders.models import Order, OrderLine
from app.kernel.personal import Held

_NAMES_NOBODY = "It belongs to the invoices, which the law wants kept, and names nobody."

HELD = (
    Held(
        "orders",
        Order,
        ("number", "status", "currency", "total_minor", "created_at", "completed_at", "cancelled_at"),
        of_customer=lambda who: Order.customer_id == who,
        kept=_NAMES_NOBODY,
    ),
    Held(
        "order_lines",
        OrderLine,
        ("description", "cycle", "price_minor", "setup_minor", "created_at"),
        of_customer=lambda who: OrderLine.order_id.in_(sa.select(Order.id).where(Order.customer_id == who)),
        kept=_NAMES_NOBODY,
    ),
)
