"""Payments, and what providers told us of them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.columns import Code
from app.kernel.money import Money
from app.kernel.tenancy import TenantRecord, tenant_key

GATEWAYS = ("bank", "sandbox", "external", "stripe", "credit", "callback")
"""How money comes in: a transfer that staff recorded, the sandbox, collected by the site, a card, the account's own
credit, told by a signed callback."""
STATUSES = ("succeeded", "failed", "refunded", "disputed")


class Payment(TenantRecord):
    """Money that came in for an invoice, once: nothing of it changes but what becomes of it later."""

    __tablename__ = "payments"
    __table_args__ = (
        sa.CheckConstraint(f"gateway IN {GATEWAYS!r}", name="gateway"),
        sa.CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("credited_minor BETWEEN 0 AND amount_minor", name="credited"),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded"),
        sa.CheckConstraint("status <> 'failed' OR (credited_minor = 0 AND refunded_minor = 0)", name="failed"),
        sa.CheckConstraint("(status = 'refunded') = (refunded_minor = amount_minor)", name="whole_refund"),
        sa.CheckConstraint("status <> 'disputed' OR disputed_at IS NOT NULL", name="disputed"),
        sa.Index(
            "uq_payments_reference",
            "tenant_id",
            "gateway",
            "reference",
            unique=True,
            sqlite_where=sa.text("status <> 'failed'"),
            postgresql_where=sa.text("status <> 'failed'"),
        ),
        sa.Index(
            "uq_payments_failed",
            "tenant_id",
            "gateway",
            "reference",
            unique=True,
            sqlite_where=sa.text("status = 'failed'"),
            postgresql_where=sa.text("status = 'failed'"),
        ),
        sa.Index("ix_payments_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_payments_customer_newest", "tenant_id", "customer_id", "created_at", "id"),
        sa.Index("ix_payments_status", "tenant_id", "status", "created_at", "id"),
        sa.Index("ix_payments_status_amount", "tenant_id", "status", "amount_minor", "id"),
        sa.Index("ix_payments_gateway", "tenant_id", "gateway", "created_at", "id"),
        sa.Index("ix_payments_reference", "tenant_id", "reference"),
        sa.Index("ix_payments_amount", "tenant_id", "amount_minor", "id"),
        sa.Index("ix_payments_received", "tenant_id", "received_at", "id"),
    )

    customer_id: Mapped[UUID] = tenant_key("customers", index=False, stays=True)
    invoice_id: Mapped[UUID] = tenant_key("invoices")
    gateway: Mapped[str] = mapped_column(sa.String(16))
    reference: Mapped[str] = mapped_column(Code())
    """What the payer, the bank or the provider calls it: one reference pays once."""
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    status: Mapped[str] = mapped_column(sa.String(16), default="succeeded")
    reason: Mapped[str] = mapped_column(default="")
    """Why it failed, in the provider's words."""
    note: Mapped[str] = mapped_column(default="")
    """What staff wrote beside it."""
    received_at: Mapped[datetime]
    """When the money came, as the bank or the provider says; `created_at` is when we heard of it."""
    recorded_by: Mapped[UUID | None]
    """The person who paid or recorded it, a plain id."""
    recorded_by_key: Mapped[UUID | None]
    """The key with which it was told, a plain id."""
    credited_minor: Mapped[int] = mapped_column(default=0)
    """What the invoice did not need and became credit of the account."""
    refunded_minor: Mapped[int] = mapped_column(default=0)
    refunded_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        """What came in."""
        return Money(self.amount_minor, self.currency)

    @property
    def kept(self) -> Money:
        """What of it has not gone back."""
        return Money(self.amount_minor - self.refunded_minor if self.is_money else 0, self.currency)

    @property
    def is_money(self) -> bool:
        """Whether it moved any, whatever became of that later."""
        return self.status != "failed"


class PaymentCallback(TenantRecord):
    """What a provider told us, word for word, and what came of it. Its id counts once."""

    __tablename__ = "payment_callbacks"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "provider", "event_id"),
        sa.CheckConstraint("state IN ('stored', 'done', 'waiting', 'flagged', 'settled')", name="state"),
        sa.Index("ix_payment_callbacks_state", "tenant_id", "state", "created_at", "id"),
        sa.Index("ix_payment_callbacks_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_payment_callbacks_reference", "tenant_id", "reference", "state"),
        sa.Index(
            "ix_payment_callbacks_unfinished",
            "created_at",
            sqlite_where=sa.text("state = 'stored'"),
            postgresql_where=sa.text("state = 'stored'"),
        ),
    )

    provider: Mapped[str] = mapped_column(sa.String(16))
    event_id: Mapped[str] = mapped_column(sa.String(200))
    """The provider's own id of what happened."""
    kind: Mapped[str] = mapped_column(sa.String(40))
    """`payment.succeeded` and the like."""
    body: Mapped[bytes]
    """As it was signed."""
    invoice: Mapped[str] = mapped_column(sa.String(200))
    """Number or id, as it was told: it may be nobody's."""
    amount: Mapped[str] = mapped_column(sa.String(40))
    currency: Mapped[str] = mapped_column(sa.String(10))
    reference: Mapped[str] = mapped_column(sa.String(200))
    occurred_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(16), default="stored")
    """stored (not looked at yet), done, waiting (for its payment), flagged (for staff), settled (by them)."""
    reason: Mapped[str] = mapped_column(default="")
    """Why it was flagged or waits."""
    payment_id: Mapped[UUID | None] = tenant_key("payments", nullable=True)
    processed_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None]
    """Who saw to a flagged one, a plain id."""
