"""Making, issuing and finding invoices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.features.accounts.merged import is_of, kept_of
from app.features.accounts.models import Customer
from app.features.billing import amounts, ledger, numbers
from app.features.billing.amounts import NO_TAX, Amounts, Charge, TaxRule
from app.features.billing.events import InvoiceCreated, InvoiceIssued
from app.features.billing.models import Invoice, InvoiceLine
from app.features.billing.settlement import (
    NothingOpen,
    NotPayable,
    Settled,
    give_back,
    lock_all,
    locked,
    settle,
    settle_nothing,
    settle_with_credit,
)
from app.features.tenants import service as tenants
from app.kernel import clock, db
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import publish
from app.kernel.money import Money

__all__ = [
    "DUE_AFTER", "SERIES", "Discount", "LineDraft", "NotADraft", "NotPayable", "NothingOpen", "Paper", "Settled",
    "draft", "find", "give_back", "issue", "issue_draft", "lock_all", "locked", "preview", "settle",
    "settle_with_credit",
]  # fmt: skip

SERIES = "invoice"
DUE_AFTER = timedelta(days=14)
"""When a first invoice is due, counted from its issue (SPEC 2.5)."""


@dataclass(frozen=True)
class LineDraft:
    """What one line is to say and to charge. Prices in minor units, before discount and tax."""

    description: str
    unit_minor: Fraction | int
    detail: str = ""
    quantity: Fraction | int = 1
    factor: Fraction | int = 1
    """Part of the period that is charged; 1 = all of it."""
    product_id: UUID | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    tax: TaxRule = NO_TAX

    @property
    def charge(self) -> Charge:
        """The same as `amounts.compute` takes it."""
        return Charge(Fraction(self.unit_minor), Fraction(self.quantity), Fraction(self.factor), self.tax)


@dataclass(frozen=True)
class Discount:
    """What comes off the whole invoice, and why, as the page says it."""

    amount: Money
    reason: str


@dataclass(frozen=True)
class Paper:
    """An invoice with its lines, in order."""

    invoice: Invoice
    lines: list[InvoiceLine] = field(default_factory=list)


class NotADraft(Conflict):
    """The invoice has been issued already: 409."""

    code, text = "not_a_draft", "This invoice has been issued. It never changes any more."


def preview(lines: Sequence[LineDraft], *, discount: Money | None = None) -> Amounts:
    """What an invoice of these lines would say: the computation that `issue` uses."""
    return amounts.compute([line.charge for line in lines], discount_minor=discount.minor if discount else 0)


def issue(
    *,
    customer: Customer,
    lines: Sequence[LineDraft],
    currency: str,
    discount: Discount | None = None,
    due_at: datetime | None = None,
) -> Invoice:
    """Make an invoice and give it its number at once. Locks the series: call it last in the transaction.

    Due in 14 days unless said otherwise. One that asks for nothing is paid at once.
    """
    invoice = draft(customer=customer, lines=lines, currency=currency, discount=discount)
    issue_draft(invoice, due_at=due_at)
    return invoice


def draft(
    *, customer: Customer, lines: Sequence[LineDraft], currency: str, discount: Discount | None = None
) -> Invoice:
    """Make an invoice that has no number yet and can still be changed or dropped."""
    computed = preview(lines, discount=discount.amount if discount else None)
    invoice = Invoice(
        customer_id=customer.id,
        series=SERIES,
        currency=currency,
        subtotal_minor=computed.subtotal_minor,
        discount_minor=computed.discount_minor,
        discount_reason=discount.reason if discount else "",
        tax_minor=computed.tax_minor,
        total_minor=computed.total_minor,
        taxes=_taxes(computed),
        billed_to=_billed_to(customer),
        seller=_seller(),
    )
    db.session().add(invoice)
    db.session().flush()
    _add_lines(invoice, lines, computed)
    publish(InvoiceCreated(invoice.id, customer.id, invoice.total_minor, currency))
    return invoice


def _taxes(computed: Amounts) -> list[dict[str, Any]]:
    return [
        {"rule": tax.rule.name, "rate": str(tax.rule.rate), "base_minor": tax.base_minor, "tax_minor": tax.tax_minor}
        for tax in computed.taxes
    ]


def _billed_to(customer: Customer) -> dict[str, Any]:
    place = " ".join(part for part in (customer.city, customer.region, customer.postal_code) if part)
    return {
        "name": customer.company or customer.name,
        "contact": customer.name if customer.company else "",
        "address": [part for part in (customer.address_line, place) if part],
        "country": customer.country,
        "email": customer.email,
        "tax_number": customer.tax_number,
    }


def _seller() -> dict[str, Any]:
    tenant = tenants.current()
    return {
        "name": tenant.legal_name or tenant.name,
        "address": [part.strip() for part in tenant.address.splitlines() if part.strip()],
        "tax_number": tenant.tax_number,
    }


def _add_lines(invoice: Invoice, lines: Sequence[LineDraft], computed: Amounts) -> None:
    db.session().add_all(
        InvoiceLine(
            invoice_id=invoice.id,
            position=position,
            description=line.description,
            detail=line.detail,
            product_id=line.product_id,
            period_start=line.period_start,
            period_end=line.period_end,
            gross_minor=result.gross_minor,
            discount_minor=result.discount_minor,
            net_minor=result.net_minor,
            computation=result.explained(),
        )
        for position, (line, result) in enumerate(zip(lines, computed.lines, strict=True), start=1)
    )
    db.session().flush()


def issue_draft(invoice: Invoice, *, due_at: datetime | None = None) -> None:
    """Give a draft its number, book it, and let it ask for money. Locks the series until the transaction ends.

    Raises:
        NotADraft: it has been issued already.
    """
    if invoice.status != "draft":
        raise NotADraft()
    now = clock.now()
    invoice.sequence = numbers.take(invoice.series)
    invoice.number = _number(invoice.sequence, now)
    invoice.status = "issued"
    invoice.issued_at = now
    invoice.due_at = due_at or now + DUE_AFTER
    db.session().flush()
    ledger.post_issue(invoice)
    publish(
        InvoiceIssued(
            invoice.id,
            kept_of(invoice.customer_id),
            invoice.number,
            invoice.total_minor,
            invoice.currency,
            invoice.due_at,
        )
    )
    if invoice.total_minor == 0:
        settle_nothing(invoice, now)


def _number(sequence: int, at: datetime) -> str:
    """`MP-2026-000042`: the year is that of the issue where the seller is; the counter goes on over the years."""
    tenant = tenants.current()
    return f"{tenant.number_prefix}-{at.astimezone(ZoneInfo(tenant.time_zone)).year}-{sequence:06}"


def find(principal: Principal, invoice_id: UUID) -> Paper:
    """The invoice with its lines. Two queries.

    Staff from BILLING up see every one; a customer's people from BILLING up see
    their own account's, once issued.

    Raises:
        NotFound: there is none, it is somebody else's, or the role sees no money.
    """
    invoice = db.session().scalar(sa.select(Invoice).where(Invoice.id == invoice_id))
    if invoice is None or not _may_see(principal, invoice):
        raise NotFound()
    lines = db.session().scalars(
        sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    )
    return Paper(invoice, list(lines))


def _may_see(principal: Principal, invoice: Invoice) -> bool:
    if principal.staff_role is not None:
        return principal.staff_role >= Role.BILLING
    if (principal.customer_role or 0) < Role.BILLING or invoice.status == "draft":
        return False
    return is_of(principal.customer_id, invoice.customer_id)
