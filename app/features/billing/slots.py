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


@dataclass(frozen=True)
class Balance:
    """How one customer stands in one currency."""

    open: Money
    open_invoices: int
    paid: Money
    paid_invoices: int


def balances_of(customer_id: UUID) -> list[Balance]:
    """What a customer owes and has paid, per currency. One query over the index by customer."""
    rows = db.session().execute(
        sa.select(Invoice.currency, Invoice.status, sa.func.sum(Invoice.total_minor), sa.func.count())
        .where(Invoice.customer_id == customer_id, Invoice.status.in_(["issued", "paid"]))
        .group_by(Invoice.currency, Invoice.status)
    )
    found = {(currency, status): (int(total), count) for currency, status, total, count in rows}
    return [
        Balance(Money(owed, currency), open_count, Money(settled, currency), paid_count)
        for currency in sorted({currency for currency, _ in found})
        for owed, open_count in [found.get((currency, "issued"), (0, 0))]
        for settled, paid_count in [found.get((currency, "paid"), (0, 0))]
    ]
