"""The ledger: double entry, only ever added to, and a proof that it agrees with the invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice, LedgerEntry, LedgerPosting
from app.kernel import clock, db, tenancy
from app.kernel.money import Money

PAYING = ("payment.received", "credit.used")
"""Kinds of entries that pay an invoice."""


class Unbalanced(ValueError):
    """The postings of an entry do not add up to zero: a bug, never a person's fault."""


@dataclass(frozen=True)
class Movement:
    """One entry with its sides, for reading."""

    kind: str
    memo: str
    source_id: UUID | None
    at: datetime
    sides: dict[str, Money]
    """Above zero is debit, by account."""

    @property
    def paid(self) -> Money:
        """What it paid of the invoice; nothing for other movements."""
        one = next(iter(self.sides.values()))
        return -self.sides.get("receivable", Money(0, one.currency)) if self.kind in PAYING else Money(0, one.currency)


@dataclass(frozen=True)
class Posting:
    """One side: above zero is debit, below is credit. Zero is left out."""

    account: str
    amount: Money
    customer_id: UUID | None = None
    """Whose side it is, where that is not the entry's customer."""


def post(
    kind: str,
    postings: Sequence[Posting],
    *,
    customer_id: UUID,
    invoice_id: UUID | None = None,
    memo: str = "",
    source_id: UUID | None = None,
) -> LedgerEntry | None:
    """Write one balanced entry; None when there is nothing to write.

    Raises:
        Unbalanced: the postings of a currency do not add up to zero.
    """
    _refuse_unbalanced(kind, postings)
    told = [posting for posting in postings if posting.amount.minor]
    if not told:
        return None
    merchant = merchant_tenant_id()
    entry = LedgerEntry(
        kind=kind,
        memo=memo,
        source_id=source_id,
        invoice_id=invoice_id,
        merchant_tenant_id=merchant,
        happened_at=clock.now(),
    )
    db.session().add(entry)
    db.session().flush()
    db.session().add_all(
        LedgerPosting(
            entry_id=entry.id,
            account=posting.account,
            customer_id=posting.customer_id or customer_id,
            merchant_tenant_id=merchant,
            amount_minor=posting.amount.minor,
            currency=posting.amount.currency,
        )
        for posting in told
    )
    db.session().flush()
    return entry


def _refuse_unbalanced(kind: str, postings: Sequence[Posting]) -> None:
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.amount.currency] = sums.get(posting.amount.currency, 0) + posting.amount.minor
    if any(sums.values()):
        raise Unbalanced(f"{kind}: {sums}")


def merchant_tenant_id() -> UUID:
    """The tenant whose money a sale here is: today every tenant is its own merchant."""
    return tenancy.current()


def post_issue(invoice: Invoice) -> None:
    """Book an invoice that was issued: the customer owes the total, the discount is ours to bear."""
    post(
        "invoice.issued",
        [
            Posting("receivable", invoice.total),
            Posting("discounts", Money(invoice.discount_minor, invoice.currency)),
            Posting("revenue", Money(-invoice.subtotal_minor, invoice.currency)),
            Posting("tax", Money(-invoice.tax_minor, invoice.currency)),
        ],
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
    )


def movements_of(invoice_id: UUID) -> list[Movement]:
    """Every movement of money of an invoice, oldest first. One query."""
    rows = db.session().execute(
        sa.select(
            LedgerEntry.id,
            LedgerEntry.kind,
            LedgerEntry.memo,
            LedgerEntry.source_id,
            LedgerEntry.happened_at,
            LedgerPosting.account,
            LedgerPosting.amount_minor,
            LedgerPosting.currency,
        )
        .join(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .where(LedgerEntry.invoice_id == invoice_id)
        .order_by(LedgerEntry.happened_at, LedgerEntry.id, LedgerPosting.id)
    )
    found: dict[UUID, Movement] = {}
    for entry_id, kind, memo, source_id, at, account, minor, currency in rows:
        movement = found.setdefault(entry_id, Movement(kind, memo, source_id, at, {}))
        movement.sides[account] = Money(minor, currency)
    return list(found.values())


def check() -> list[str]:
    """What is wrong in the ledger, one sentence each; empty when all is well.

    Every entry adds up to zero per currency, every issued invoice is booked with
    exactly its amounts, what is booked as open is what is open, and what is
    booked as credit is what the accounts have. Looks at the tenant that is set,
    or across all. That the cash is that of the payments, `payments` checks.
    """
    return [*_unbalanced(), *_disagreeing(), *_wrongly_open(), *_wrong_credit()]


def _unbalanced() -> list[str]:
    total = sa.func.sum(LedgerPosting.amount_minor)
    rows = db.session().execute(
        sa.select(LedgerPosting.entry_id, LedgerPosting.currency, total)
        .group_by(LedgerPosting.entry_id, LedgerPosting.currency)
        .having(total != 0)
    )
    return [f"entry {entry_id} is off by {amount} {currency} minor units" for entry_id, currency, amount in rows]


def _disagreeing() -> list[str]:
    """Issued invoices whose booking is missing or says something else."""
    booked = (
        sa.select(
            LedgerEntry.invoice_id,
            _sum_of("receivable").label("total"),
            _sum_of("discounts").label("discount"),
            (-_sum_of("revenue")).label("subtotal"),
            (-_sum_of("tax")).label("tax"),
        )
        .join(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .where(LedgerEntry.kind == "invoice.issued")
        .group_by(LedgerEntry.invoice_id)
        .subquery()
    )
    differs = sa.or_(
        sa.func.coalesce(booked.c.total, 0) != Invoice.total_minor,
        sa.func.coalesce(booked.c.discount, 0) != Invoice.discount_minor,
        sa.func.coalesce(booked.c.subtotal, 0) != Invoice.subtotal_minor,
        sa.func.coalesce(booked.c.tax, 0) != Invoice.tax_minor,
    )
    rows = db.session().scalars(
        sa.select(Invoice.number)
        .outerjoin(booked, booked.c.invoice_id == Invoice.id)
        .where(Invoice.status != "draft", differs)
        .order_by(Invoice.number)
    )
    return [f"invoice {number} is not booked with its amounts" for number in rows]


def _sum_of(account: str) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((LedgerPosting.account == account, LedgerPosting.amount_minor), else_=0))


def _wrongly_open() -> list[str]:
    """Invoices whose receivable is not what the invoice says is unpaid."""
    booked = (
        sa.select(LedgerEntry.invoice_id, _sum_of("receivable").label("open"))
        .join(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .group_by(LedgerEntry.invoice_id)
        .subquery()
    )
    unpaid = sa.case((Invoice.status == "void", 0), else_=Invoice.total_minor - Invoice.paid_minor)
    rows = db.session().scalars(
        sa.select(Invoice.number)
        .outerjoin(booked, booked.c.invoice_id == Invoice.id)
        .where(Invoice.status != "draft", sa.func.coalesce(booked.c.open, 0) != unpaid)
        .order_by(Invoice.number)
    )
    return [f"invoice {number} has another amount open than is booked" for number in rows]


def _wrong_credit() -> list[str]:
    """Customers whose credit is not what the ledger owes them."""
    booked = (
        sa.select(LedgerPosting.customer_id, (-sa.func.sum(LedgerPosting.amount_minor)).label("credit"))
        .where(LedgerPosting.account == "credit")
        .group_by(LedgerPosting.customer_id)
        .subquery()
    )
    rows = db.session().scalars(
        sa.select(Customer.id)
        .outerjoin(booked, booked.c.customer_id == Customer.id)
        .where(sa.func.coalesce(booked.c.credit, 0) != Customer.credit_minor)
        .order_by(Customer.id)
    )
    return [f"customer {customer_id} has another credit than is booked" for customer_id in rows]
