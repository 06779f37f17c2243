"""Invoices, their numbers, and the ledger."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.columns import Code
from app.kernel.db import JSON
from app.kernel.money import Money
from app.kernel.tenancy import TenantRecord, tenant_key

STATUSES = ("draft", "issued", "paid", "void", "refunded")
ACCOUNTS = ("receivable", "revenue", "discounts", "tax", "cash", "credit", "refunds")


class Invoice(TenantRecord):
    """A demand for money. Once issued it never changes but for what became of it: paid, void, refunded."""

    __tablename__ = "invoices"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "number"),
        sa.UniqueConstraint("tenant_id", "series", "sequence"),
        sa.CheckConstraint(f"status IN {STATUSES!r}", name="status"),
        sa.CheckConstraint(
            "status = 'draft' OR (number IS NOT NULL AND sequence IS NOT NULL AND issued_at IS NOT NULL "
            "AND due_at IS NOT NULL)",
            name="issued",
        ),
        sa.CheckConstraint("status <> 'paid' OR paid_at IS NOT NULL", name="paid"),
        sa.CheckConstraint("total_minor = subtotal_minor - discount_minor + tax_minor", name="total"),
        sa.CheckConstraint("total_minor >= 0 AND discount_minor BETWEEN 0 AND subtotal_minor", name="amounts"),
        sa.CheckConstraint("paid_minor BETWEEN 0 AND total_minor", name="paid_minor"),
        sa.CheckConstraint(
            "CASE status WHEN 'draft' THEN paid_minor = 0 WHEN 'void' THEN paid_minor = 0 "
            "WHEN 'issued' THEN paid_minor < total_minor OR total_minor = 0 ELSE paid_minor = total_minor END",
            name="settled",
        ),
        sa.Index("ix_invoices_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_invoices_customer_newest", "tenant_id", "customer_id", "created_at", "id"),
        sa.Index("ix_invoices_status", "tenant_id", "status", "created_at", "id"),
        sa.Index("ix_invoices_status_amount", "tenant_id", "status", "total_minor", "id"),
        sa.Index("ix_invoices_currency", "tenant_id", "currency", "created_at", "id"),
        sa.Index("ix_invoices_amount", "tenant_id", "total_minor", "id"),
        sa.Index(
            "ix_invoices_open",
            "tenant_id",
            "currency",
            "due_at",
            "total_minor",
            "paid_minor",
            sqlite_where=sa.text("status = 'issued'"),
            postgresql_where=sa.text("status = 'issued'"),
        ),
    )

    customer_id: Mapped[UUID] = tenant_key("customers", index=False, stays=True)
    series: Mapped[str] = mapped_column(default="invoice")
    sequence: Mapped[int | None]
    number: Mapped[str | None] = mapped_column(Code())
    status: Mapped[str] = mapped_column(default="draft")
    currency: Mapped[str] = mapped_column(sa.String(3))
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    discount_reason: Mapped[str] = mapped_column(default="")
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(default=0)
    """What came in for it so far. Written by `settlement` alone."""
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """One entry per tax rule: rule, rate, base_minor, tax_minor."""
    billed_to: Mapped[dict[str, Any]]
    """The customer's name and address as they were when it was made."""
    seller: Mapped[dict[str, Any]]
    """The same of the seller."""
    issued_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]

    @property
    def total(self) -> Money:
        """What it asks for, tax included."""
        return Money(self.total_minor, self.currency)

    @property
    def open(self) -> Money:
        """What is still to be paid; nothing unless it waits for money."""
        return Money(self.total_minor - self.paid_minor if self.is_open else 0, self.currency)

    @property
    def is_open(self) -> bool:
        """Whether it waits for money."""
        return self.status == "issued"

    def is_overdue(self, at: datetime) -> bool:
        """Whether it waited too long at that moment."""
        return self.is_open and self.due_at is not None and self.due_at <= at


class InvoiceLine(TenantRecord):
    """One thing on an invoice, with how its amount came about."""

    __tablename__ = "invoice_lines"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "invoice_id", "position"),)

    invoice_id: Mapped[UUID] = tenant_key("invoices", index=False)
    position: Mapped[int]
    """From 1, in the order of the page."""
    description: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
    product_id: Mapped[UUID | None] = tenant_key("products", nullable=True)
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    gross_minor: Mapped[int]
    discount_minor: Mapped[int]
    net_minor: Mapped[int]
    computation: Mapped[dict[str, Any]]
    """`amounts.LineAmounts.explained`: price, quantity, factor, rounding, discount, tax rule."""


class NumberSeries(TenantRecord):
    """The last number given in one series of one seller. Locked last in its transaction."""

    __tablename__ = "number_series"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "kind"), sa.CheckConstraint("last >= 0", name="last"))

    kind: Mapped[str]
    last: Mapped[int] = mapped_column(default=0)


class LedgerEntry(TenantRecord):
    """One movement of money: postings that add up to zero. Never changed."""

    __tablename__ = "ledger_entries"

    kind: Mapped[str]
    """What happened, such as `invoice.issued`."""
    memo: Mapped[str] = mapped_column(default="")
    """Where the money came from or went, in words, such as `Bank transfer, ZX-1`."""
    source_id: Mapped[UUID | None]
    """The payment behind it, a plain id: payments stand above."""
    invoice_id: Mapped[UUID | None] = tenant_key("invoices", nullable=True)
    merchant_tenant_id: Mapped[UUID]
    """Whose money it is: the tenant that is the merchant, a plain id (two brands may share one merchant)."""
    happened_at: Mapped[datetime]


class LedgerPosting(TenantRecord):
    """One side of an entry: above zero is debit, below is credit."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        sa.CheckConstraint(f"account IN {ACCOUNTS!r}", name="account"),
        sa.CheckConstraint("amount_minor <> 0", name="amount"),
    )

    entry_id: Mapped[UUID] = tenant_key("ledger_entries")
    account: Mapped[str]
    customer_id: Mapped[UUID] = tenant_key("customers", stays=True)
    merchant_tenant_id: Mapped[UUID]
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
