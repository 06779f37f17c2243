"""What is sold, for how much, and which codes make it cheaper."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.features.catalogue.cycles import CYCLES
from app.kernel.columns import Code
from app.kernel.db import JSON
from app.kernel.money import Money
from app.kernel.tenancy import TenantRecord, tenant_key

CYCLE_NAMES = ", ".join(f"'{name}'" for name in CYCLES)
UNLIMITED = -1


class Product(TenantRecord):
    """A plan or thing that customers can order."""

    __tablename__ = "products"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "slug"),
        sa.CheckConstraint("stock >= 0", name="stock"),
        sa.CheckConstraint(
            "storage_gb >= 0 AND bandwidth_gb >= -1 AND websites >= 0 AND mailboxes >= 0", name="limits"
        ),
        sa.Index("ix_products_category", "tenant_id", "category"),
        sa.Index("ix_products_newest", "tenant_id", "created_at", "id"),
    )

    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    category: Mapped[str]
    features: Mapped[list[str]] = mapped_column(default=list)
    storage_gb: Mapped[int] = mapped_column(default=0)
    bandwidth_gb: Mapped[int] = mapped_column(default=UNLIMITED)
    """Gigabytes a month; -1 = unlimited."""
    websites: Mapped[int] = mapped_column(default=1)
    mailboxes: Mapped[int] = mapped_column(default=0)
    featured: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    """Whether it can be ordered now. Those who have it keep it."""
    stock: Mapped[int | None]
    """How many are left; None = as many as are asked for."""
    driver: Mapped[str] = mapped_column(default="manual")
    """Who sets it up: the name of a driver of `provisioning`."""
    driver_settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The driver's own; never a secret."""
    archived_at: Mapped[datetime | None]

    @property
    def is_on_sale(self) -> bool:
        """Whether it is offered at all, whatever is left of it."""
        return self.active and self.archived_at is None

    @property
    def is_sold_out(self) -> bool:
        """Whether none is left."""
        return self.stock == 0


class Price(TenantRecord):
    """What one product costs for one cycle in one currency, before tax."""

    __tablename__ = "prices"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "product_id", "currency", "cycle"),
        sa.CheckConstraint("amount_minor >= 0 AND setup_minor >= 0", name="amounts"),
        sa.CheckConstraint(f"cycle IN ({CYCLE_NAMES})", name="cycle"),
    )

    product_id: Mapped[UUID] = tenant_key("products", index=False)
    currency: Mapped[str] = mapped_column(sa.String(3))
    cycle: Mapped[str]
    amount_minor: Mapped[int]
    """For the whole cycle, not per month."""
    setup_minor: Mapped[int] = mapped_column(default=0)
    """Charged once, on the first invoice."""

    @property
    def amount(self) -> Money:
        """For the whole cycle, without the set-up fee."""
        return Money(self.amount_minor, self.currency)


class PromoCode(TenantRecord):
    """A word that takes something off an order, at most so often."""

    __tablename__ = "promo_codes"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "code_key"),
        sa.CheckConstraint(
            "(kind = 'percent' AND percent_hundredths BETWEEN 1 AND 10000 AND amount_minor IS NULL) OR "
            "(kind = 'fixed' AND amount_minor > 0 AND currency IS NOT NULL AND percent_hundredths IS NULL)",
            name="kind",
        ),
        sa.CheckConstraint("uses >= 0 AND (maximum_uses IS NULL OR uses <= maximum_uses)", name="uses"),
        sa.CheckConstraint("maximum_uses > 0", name="maximum_uses"),
        sa.CheckConstraint("maximum_per_customer > 0", name="maximum_per_customer"),
        sa.CheckConstraint("invoices > 0", name="invoices"),
        sa.Index("ix_promo_codes_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_promo_codes_uses", "tenant_id", "uses", "id"),
    )

    code: Mapped[str]
    """As customers see it."""
    code_key: Mapped[str] = mapped_column(Code())
    """The same in capitals and trimmed: what is looked for."""
    kind: Mapped[str]
    """`percent` or `fixed`."""
    percent_hundredths: Mapped[int | None]
    """Hundredths of a percent: 2000 is 20 %."""
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    """The first moment at which it no longer works."""
    maximum_uses: Mapped[int | None]
    maximum_per_customer: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    invoices: Mapped[int] = mapped_column(default=1)
    """How many invoices of what was ordered it makes cheaper; 1 = the first alone."""
    product_slugs: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Only for these products; empty = for all."""
    cycles: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Only for these cycles; empty = for all."""
    ended_at: Mapped[datetime | None]


class PromoCodeUsage(TenantRecord):
    """One use of a code by one customer."""

    __tablename__ = "promo_code_usage"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "promo_code_id", "customer_id", "nth"),
        sa.CheckConstraint("nth > 0", name="nth"),
        sa.Index("ix_promo_code_usage_newest", "tenant_id", "promo_code_id", "created_at", "id"),
    )

    promo_code_id: Mapped[UUID] = tenant_key("promo_codes", index=False)
    customer_id: Mapped[UUID] = tenant_key("customers", stays=True)
    nth: Mapped[int]
    """The customer's first use, second use, ...: unique, so that a limit per customer cannot be raced past."""
    discount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
