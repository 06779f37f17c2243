"""What billing adds to pages that show many rooms."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.features.accounts.merged import whose
from app.features.billing.models import Invoice
from app.features.billing.own import Line
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy, words
from app.kernel.access import Role
from app.kernel.columns import Id
from app.kernel.money import Money
from app.kernel.slots import Hit
from app.kernel.terms import LAST


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
    """What a customer still owes in one currency."""

    total: Money
    invoices: int
    overdue: int


def card(invoice: Invoice | Line) -> InvoiceCard:
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


def state_of(invoice: Invoice | Line) -> tuple[str, str]:
    """Tone and words of where an invoice stands."""
    return state_words(invoice.status, invoice.due_at, clock.now(), tenants.current().time_zone)


def state_words(status: str, due_at: datetime | None, now: datetime, zone: str) -> tuple[str, str]:
    """The same from the columns alone."""
    if status in _SETTLED or due_at is None:
        return _SETTLED[status]
    if due_at <= now:
        return "warn", f"Overdue since {words.day(due_at, zone)}"
    days = (_local_day(due_at, zone) - _local_day(now, zone)).days
    if days == 0:
        return "warn", "Due today"
    return "info", "Due tomorrow" if days == 1 else f"Due in {days} days"


@lru_cache(maxsize=words.MOST_SPELLED)
def _local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def next_to_pay(customer_id: UUID) -> tuple[InvoiceCard, int] | None:
    """The most urgent invoice that a customer has to pay, and how many there are to pay. One query."""
    found = db.session().execute(
        sa.select(Invoice, sa.func.count().over())
        .where(whose(Invoice.customer_id, customer_id), Invoice.status == "issued")
        .order_by(Invoice.due_at, Invoice.id)
        .limit(1)
    )
    first = found.first()
    return (card(first[0]), first[1]) if first is not None else None


def recent_invoices(customer_id: UUID, *, limit: int = 5) -> list[InvoiceCard]:
    """A customer's newest invoices, whatever became of them. One query."""
    rows = db.session().scalars(
        sa.select(Invoice)
        .where(whose(Invoice.customer_id, customer_id), Invoice.status != "draft")
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
        .limit(limit)
    )
    return [card(invoice) for invoice in rows]


def owed_by(customer_id: UUID) -> list[OpenAmount]:
    """What one customer owes, per currency; empty = nothing. One query."""
    asked = {"tenant": tenancy.current(), "customer": customer_id, "now": clock.now()}
    rows = db.session().read(_OPEN_OF, asked)
    return [OpenAmount(Money(int(total), currency), count, int(late)) for currency, total, count, late in rows]


def _open_of() -> Any:
    """Made once: a customer's pages all ask it."""
    overdue = sa.func.sum(sa.case((Invoice.due_at <= sa.bindparam("now"), 1), else_=0))
    return tenancy.named(
        sa.select(Invoice.currency, sa.func.sum(Invoice.total_minor - Invoice.paid_minor), sa.func.count(), overdue)
        .where(
            Invoice.tenant_id == sa.bindparam("tenant"),
            Invoice.status == "issued",
            whose(Invoice.customer_id, sa.bindparam("customer", type_=Id())),
        )
        .group_by(Invoice.currency)
        .order_by(Invoice.currency),
        "bound to the tenant that is set",
    )


_OPEN_OF = _open_of()


def balances_of(customer_id: UUID) -> list[Balance]:
    """What one customer owes and has paid, per currency; empty = no invoice yet. One query."""

    def sums(status: str, amount: sa.ColumnElement[int]) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
        is_so = Invoice.status == status
        return sa.func.sum(sa.case((is_so, amount), else_=0)), sa.func.sum(sa.case((is_so, 1), else_=0))

    unpaid = Invoice.total_minor - Invoice.paid_minor
    came_in = sa.func.sum(sa.case((Invoice.status != "refunded", Invoice.paid_minor), else_=0))
    rows = db.session().execute(
        sa.select(Invoice.currency, *sums("issued", unpaid), came_in, sums("paid", unpaid)[1])
        .where(whose(Invoice.customer_id, customer_id), Invoice.status != "draft")
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [
        Balance(Money(int(owed), currency), int(owing), Money(int(paid), currency), int(settled))
        for currency, owed, owing, paid, settled in rows
    ]


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Invoices whose number begins with `text`, the newest numbers first, for staff who see money. One query."""
    begin = text.strip().upper()
    if role < Role.BILLING or not begin or not begin.isprintable() or " " in begin:
        return []
    rows = db.session().execute(
        sa.select(Invoice.id, Invoice.number, Invoice.total_minor, Invoice.currency, Invoice.status)
        .where(Invoice.number >= begin, Invoice.number < begin + LAST)
        .order_by(Invoice.number.desc())
        .limit(limit)
    )
    return [
        Hit(
            "Invoices",
            number or "",
            f"{Money(minor, currency).plain} · {status}",
            f"/admin/billing/{row_id}",
            "receipt",
        )
        for row_id, number, minor, currency, status in rows
    ]
