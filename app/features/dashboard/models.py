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
    """The sums of one day in one currency, but for what stands in `figure_deltas` still.

    One column for each figure: a page of two years reads a row a day.
    """

    __tablename__ = "daily_figures"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "day", "currency"),)

    day: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    """Empty for the figures that have none."""
    revenue: Mapped[int] = mapped_column(default=0)
    invoiced: Mapped[int] = mapped_column(default=0)
    mrr: Mapped[int] = mapped_column(default=0)
    mrr_new: Mapped[int] = mapped_column(default=0)
    mrr_expansion: Mapped[int] = mapped_column(default=0)
    mrr_contraction: Mapped[int] = mapped_column(default=0)
    mrr_churn: Mapped[int] = mapped_column(default=0)
    customers: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    services: Mapped[int] = mapped_column(default=0)
    services_begun: Mapped[int] = mapped_column(default=0)
    services_ended: Mapped[int] = mapped_column(default=0)


FIGURES = (
    "revenue", "invoiced", "mrr", "mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churn",
    "customers", "orders", "services", "services_begun", "services_ended",
)  # fmt: skip
"""The names of figures: the columns of a day."""


class HiddenChecklist(TenantRecord):
    """That the owner wants no list of first steps any more."""

    __tablename__ = "hidden_checklists"
    __table_args__ = (sa.UniqueConstraint("tenant_id"),)

    hidden_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
