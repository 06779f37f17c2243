"""Kept figures: what a page of sums reads instead of adding up a million rows."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tenancy import TenantRecord, tenant_key

KINDS = ("new", "expansion", "contraction", "churn")


class Movement(TenantRecord):
    """One change of what a subscription brings in by the month. Only ever added.

    The sum over a subscription's movements is what it brings in now, and the
    sum of its `services` is 1 while it runs, else 0.
    """

    __tablename__ = "mrr_movements"
    __table_args__ = (sa.CheckConstraint(f"kind IN {KINDS!r}", name="kind"),)

    subscription_id: Mapped[UUID] = tenant_key("subscriptions")
    kind: Mapped[str] = mapped_column(sa.String(12))
    happened_at: Mapped[datetime]
    monthly_minor: Mapped[int]
    """Below zero when it brings in less than before."""
    services: Mapped[int]
    """1 when it began to run, -1 when it stopped."""
    currency: Mapped[str] = mapped_column(sa.String(3))


class FigureDelta(TenantRecord):
    """Something that counts, not yet folded into its day.

    Written in the transaction of what happened. Rows are only added there, so
    that two payments at once never wait for each other.
    """

    __tablename__ = "figure_deltas"

    day: Mapped[date]
    """By the tenant's calendar."""
    name: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    """Empty for what is counted and has no price."""
    amount: Mapped[int]


class DailyFigure(TenantRecord):
    """The sum of one figure over one day, but for what stands in `figure_deltas` still."""

    __tablename__ = "daily_figures"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "day", "name", "currency"),
        sa.Index("ix_daily_figures_level", "tenant_id", "name", "currency", "day", "amount"),
    )

    day: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    amount: Mapped[int]


class HiddenChecklist(TenantRecord):
    """That the owner wants no list of first steps any more."""

    __tablename__ = "hidden_checklists"
    __table_args__ = (sa.UniqueConstraint("tenant_id"),)

    hidden_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
