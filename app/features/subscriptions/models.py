"""Subscriptions: one plan that one customer pays for until somebody ends it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.features.catalogue.cycles import PER
from app.features.catalogue.models import CYCLE_NAMES
from app.kernel.columns import Code
from app.kernel.money import Money
from app.kernel.tenancy import TenantRecord, tenant_key

STATUSES = ("pending", "active", "suspended", "cancelled", "terminated")


class Subscription(TenantRecord):
    """One plan that one customer pays for. Its period begins when it is paid, not when it is ordered.

    Active is what is paid for, `set_up_at` says since when there is something to
    use: until then it is being set up. `revision` counts the changes, so that
    each is told once whoever tells it.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        sa.CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        sa.CheckConstraint(f"cycle IN ({CYCLE_NAMES})", name="cycle"),
        sa.CheckConstraint("price_minor >= 0", name="price"),
        sa.CheckConstraint("period_end > period_start", name="period"),
        sa.CheckConstraint(
            "status <> 'active' OR cycle = 'oneTime' OR (period_start IS NOT NULL AND period_end IS NOT NULL)",
            name="active",
        ),
        sa.CheckConstraint("status <> 'suspended' OR suspended_at IS NOT NULL", name="suspended"),
        sa.CheckConstraint("(status IN ('cancelled', 'terminated')) = (ended_at IS NOT NULL)", name="ended"),
        sa.Index("ix_subscriptions_customer_newest", "tenant_id", "customer_id", "created_at", "id"),
        sa.Index("ix_subscriptions_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_subscriptions_status", "tenant_id", "status", "created_at", "id"),
        sa.Index("ix_subscriptions_product", "tenant_id", "product_id", "created_at", "id"),
        sa.Index("ix_subscriptions_external_ref", "tenant_id", "external_ref"),
        sa.Index("ix_subscriptions_renewal", "tenant_id", "status", "period_end"),
        sa.Index(
            "ix_subscriptions_setting_up",
            "tenant_id",
            "created_at",
            "id",
            sqlite_where=sa.text("status = 'active' AND set_up_at IS NULL"),
            postgresql_where=sa.text("status = 'active' AND set_up_at IS NULL"),
        ),
        sa.Index(
            "ix_subscriptions_ending",
            "tenant_id",
            "ends_at",
            sqlite_where=sa.text("ends_at IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("ends_at IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    customer_id: Mapped[UUID] = tenant_key("customers", index=False)
    product_id: Mapped[UUID] = tenant_key("products", index=False)
    first_invoice_id: Mapped[UUID | None] = tenant_key("invoices", nullable=True)
    """What was asked for when it was ordered."""
    plan_name: Mapped[str]
    """The product's name when it was ordered."""
    cycle: Mapped[str]
    price_minor: Mapped[int]
    """For one cycle, before discounts and tax."""
    currency: Mapped[str] = mapped_column(sa.String(3))
    status: Mapped[str] = mapped_column(default="pending")
    auto_renew: Mapped[bool] = mapped_column(default=True)
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    """The end of what is paid for; None until it is paid, and for what is paid once."""
    set_up_at: Mapped[datetime | None]
    """When what was paid for could first be used."""
    external_ref: Mapped[str] = mapped_column(Code(), default="")
    """What the machine calls it, such as `web-07/acme`: for staff, never a secret."""
    suspended_at: Mapped[datetime | None]
    suspension_reason: Mapped[str] = mapped_column(default="")
    ends_at: Mapped[datetime | None]
    """When it is to end, if somebody cancelled it."""
    ended_at: Mapped[datetime | None]
    ending_reason: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)

    @property
    def price(self) -> Money:
        """For one cycle, before discounts and tax."""
        return Money(self.price_minor, self.currency)

    @property
    def price_words(self) -> str:
        """`USD 49.90 a year`."""
        return f"{self.price.plain} {PER[self.cycle]}"

    @property
    def is_being_set_up(self) -> bool:
        """Whether it is paid for and there is nothing to use yet."""
        return self.status == "active" and self.set_up_at is None

    @property
    def is_ending(self) -> bool:
        """Whether it was cancelled and still runs."""
        return self.ends_at is not None and self.ended_at is None
