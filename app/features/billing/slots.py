"""What billing adds to pages that show many rooms."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.features.billing.models import Invoice
from app.features.tenants import service as tenants
from app.kernel import clock, db, words
from app.kernel.money import Money


@dataclass(frozen=True)
class Balance:
    """What one customer owes and has paid, in one currency."""

    open: Money
    open_invoices: int
    paid: Money
    paid_invoices: int


_SETTLED = {
    "draft": ("", "Draft"),
    "paid": ("good", "Paid"),
    "void": ("done", "Void"),
    "refunded": ("done", "Refunded"),
}


@dataclass(frozen=True)
class InvoiceCard:
    """One invoice as lists and cards show it."""

    invoice_id: UUID
    number: str
    total: Money
    issued_at: datetime
    due_at: datetime
    is_overdue: bool
    tone: str
    """The state's tone, as `ui.state` takes it."""
    state: str
    """The state in words, such as `Due in 7 days`."""
    href: str
    """Its page in the portal."""
    open: Money
    """What is still to be paid."""


@dataclass(frozen=True)
class OpenAmount:
    """What customers still owe in one currency."""

    total: Money
    invoices: int
    overdue: int


def card(invoice: Invoice) -> InvoiceCard:
    """An issued invoice as lists show it."""
    assert invoice.number is not None and invoice.issued_at is not None and invoice.due_at is not None
    tone, state = state_of(invoice)
    return InvoiceCard(
        invoice.id,
        invoice.number,
        invoice.total,
        invoice.issued_at,
        invoice.due_at,
        invoice.is_overdue(clock.now()),
        tone,
        state,
        f"/client/billing/{invoice.id}",
        invoice.open,
    )


def state_of(invoice: Invoice) -> tuple[str, str]:
    """Tone and words of where an invoice stands."""
    if invoice.status in _SETTLED or invoice.due_at is None:
        return _SETTLED[invoice.status]
    now, zone = clock.now(), tenants.current().time_zone
    if invoice.is_overdue(now):
        return "warn", f"Overdue since {words.day(invoice.due_at, zone)}"
    days = (invoice.due_at.astimezone(ZoneInfo(zone)).date() - now.astimezone(ZoneInfo(zone)).date()).days
    if days == 0:
        return "warn", "Due today"
    return "info", "Due tomorrow" if days == 1 else f"Due in {days} days"


def open_invoices(customer_id: UUID, *, limit: int = 5) -> list[InvoiceCard]:
    """What a customer has to pay, the most urgent first. One query."""
    rows = db.session().scalars(
        sa.select(Invoice)
        .where(Invoice.customer_id == customer_id, Invoice.status == "issued")
        .order_by(Invoice.due_at)
        .limit(limit)
    )
    return [card(invoice) for invoice in rows]


def recent_invoices(customer_id: UUID, *, limit: int = 5) -> list[InvoiceCard]:
    """A customer's newest invoices, whatever became of them. One query."""
    rows = db.session().scalars(
        sa.select(Invoice)
        .where(Invoice.customer_id == customer_id, Invoice.status != "draft")
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
        .limit(limit)
    )
    return [card(invoice) for invoice in rows]


def open_amounts() -> list[OpenAmount]:
    """What all customers owe, per currency, for staff from BILLING up. One query over the index of open invoices."""
    return _owed(Invoice.status == "issued")


def owed_by(customer_id: UUID) -> list[OpenAmount]:
    """What one customer owes, per currency; empty = nothing. One query."""
    return _owed(Invoice.status == "issued", Invoice.customer_id == customer_id)


def _owed(*conditions: sa.ColumnElement[bool]) -> list[OpenAmount]:
    overdue = sa.func.sum(sa.case((Invoice.due_at <= clock.now(), 1), else_=0))
    rows = db.session().execute(
        sa.select(Invoice.currency, sa.func.sum(Invoice.total_minor), sa.func.count(), overdue)
        .where(*conditions)
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [OpenAmount(Money(int(total), currency), count, int(late)) for currency, total, count, late in rows]


def balances_of(customer_id: UUID) -> list[Balance]:
    """What one customer owes and has paid, per currency; empty = no invoice yet. One query."""

    def sums(status: str) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
        is_so = Invoice.status == status
        amount = sa.func.sum(sa.case((is_so, Invoice.total_minor), else_=0))
        return amount, sa.func.sum(sa.case((is_so, 1), else_=0))

    rows = db.session().execute(
        sa.select(Invoice.currency, *sums("issued"), *sums("paid"))
        .where(Invoice.customer_id == customer_id, Invoice.status != "draft")
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [
        Balance(Money(int(owed), currency), int(owing), Money(int(paid), currency), int(settled))
        for currency, owed, owing, paid, settled in rows
    ]
