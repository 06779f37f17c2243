"""Orders and what was ordered."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.columns import Code
from app.kernel.money import Money
from app.kernel.tenancy import TenantRecord, tenant_key

STATUSES = ("pending", "completed", "cancelled")


class Order(TenantRecord):
    """One sale. Pending until its invoice is paid; what is free is complete at once."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        sa.CheckConstraint("status <> 'completed' OR completed_at IS NOT NULL", name="completed"),
        sa.CheckConstraint("status <> 'cancelled' OR cancelled_at IS NOT NULL", name="cancelled"),
        sa.CheckConstraint("total_minor >= 0", name="total"),
        sa.Index("ix_orders_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_orders_customer_newest", "tenant_id", "customer_id", "created_at", "id"),
        sa.Index("ix_orders_number", "tenant_id", "number"),
        sa.Index("ix_orders_amount", "tenant_id", "total_minor", "id"),
        sa.Index("ix_orders_status", "tenant_id", "status", "created_at", "id"),
    )

    customer_id: Mapped[UUID] = tenant_key("customers", index=False)
    placed_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
    """The person it is for, or who ordered it."""
    invoice_id: Mapped[UUID | None] = tenant_key("invoices", nullable=True)
    number: Mapped[str] = mapped_column(Code(), default="")
    """Its invoice's: what people call it by."""
    promo_code_usage_id: Mapped[UUID | None] = tenant_key("promo_code_usage", nullable=True)
    status: Mapped[str] = mapped_column(default="pending")
    currency: Mapped[str] = mapped_column(sa.String(3))
    total_minor: Mapped[int]
    """What its invoice asks for."""
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    @property
    def total(self) -> Money:
        """What its invoice asks for."""
        return Money(self.total_minor, self.currency)


class OrderLine(TenantRecord):
    """One plan on an order, as it was sold."""

    __tablename__ = "order_lines"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "order_id", "position"),
        sa.CheckConstraint("price_minor >= 0 AND setup_minor >= 0", name="amounts"),
    )

    order_id: Mapped[UUID] = tenant_key("orders", index=False)
    position: Mapped[int]
    product_id: Mapped[UUID] = tenant_key("products")
    subscription_id: Mapped[UUID] = tenant_key("subscriptions")
    description: Mapped[str]
    cycle: Mapped[str]
    price_minor: Mapped[int]
    setup_minor: Mapped[int]
