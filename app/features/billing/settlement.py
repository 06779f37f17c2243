"""What comes in for an invoice, booked at once; whatever is too much becomes credit of the account.

Everything here holds the invoice's row until the transaction ends, so that
clicks, callbacks and staff who come at the same moment are heard one by one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import credit
from app.features.accounts.merged import kept_of
from app.features.billing import ledger
from app.features.billing.events import InvoicePaid, InvoiceRefunded
from app.features.billing.ledger import Posting
from app.features.billing.models import Invoice
from app.kernel import clock, db
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import publish
from app.kernel.money import Money


class NotPayable(Conflict):
    """A draft or a void invoice takes no money: 409."""

    code, text = "not_payable", "This invoice takes no money: it is not issued, or it is void."


class NothingOpen(Conflict):
    """It is paid, or asks for another amount than was agreed to: 409."""

    code, text = "nothing_open", "What is open on this invoice has changed meanwhile. Look at it again."


@dataclass(frozen=True)
class Settled:
    """What became of money that came in."""

    invoice: Invoice
    applied: Money
    """What the invoice took."""
    credited: Money
    """What was too much, and is the account's credit now."""


def locked(invoice_id: UUID) -> Invoice:
    """The invoice as it stands now; nobody else changes it until the transaction ends.

    Raises:
        NotFound: there is none in this tenant.
    """
    wanted = sa.select(Invoice).where(Invoice.id == invoice_id).with_for_update(key_share=True)
    found = db.session().scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound()
    return found


def lock_all(invoice_ids: Collection[UUID]) -> list[Invoice]:
    """Invoices as they stand now, in the order in which everybody locks several: by id.

    Raises:
        NotFound: one of them is not in this tenant.
    """
    wanted = sa.select(Invoice).where(Invoice.id.in_(invoice_ids)).order_by(Invoice.id).with_for_update(key_share=True)
    found = list(db.session().scalars(wanted.execution_options(populate_existing=True)))
    if len(found) != len(set(invoice_ids)):
        raise NotFound()
    return found


def settle(invoice_id: UUID, amount: Money, *, memo: str, source_id: UUID | None = None) -> Settled:
    """Take money that has come in for an invoice, whatever is open on it: the rest becomes credit.

    Tells `invoice.paid` when nothing is left to pay.

    Raises:
        NotPayable: it is a draft or void.
        OtherCurrency: something is left over and the account keeps no credit in that currency.
    """
    assert amount.minor > 0, "money that comes in is more than nothing"
    invoice = locked(invoice_id)
    if invoice.status in {"draft", "void"}:
        raise NotPayable()
    applied = Money(min(amount.minor, invoice.open.minor), amount.currency)
    credited = amount - applied
    if credited.minor:
        credit.add(invoice.customer_id, credited)
    ledger.post(
        "payment.received",
        [Posting("cash", amount), Posting("receivable", -applied), Posting("credit", -credited)],
        customer_id=kept_of(invoice.customer_id),
        invoice_id=invoice.id,
        memo=memo,
        source_id=source_id,
    )
    _apply(invoice, applied)
    return Settled(invoice, applied, credited)


def settle_with_credit(invoice_id: UUID, amount: Money, *, memo: str, source_id: UUID | None = None) -> Settled:
    """Pay `amount` of what is open on an invoice with the account's credit.

    Raises:
        NothingOpen: less than that is open.
        NotEnoughCredit: the account has less.
    """
    assert amount.minor > 0, "credit that is used is more than nothing"
    invoice = locked(invoice_id)
    if amount.minor > invoice.open.minor:
        raise NothingOpen()
    credit.take(invoice.customer_id, amount)
    ledger.post(
        "credit.used",
        [Posting("credit", amount), Posting("receivable", -amount)],
        customer_id=kept_of(invoice.customer_id),
        invoice_id=invoice.id,
        memo=memo,
        source_id=source_id,
    )
    _apply(invoice, amount)
    return Settled(invoice, amount, Money(0, amount.currency))


def _apply(invoice: Invoice, amount: Money) -> None:
    """Count `amount` as paid, by one conditional statement that takes nothing twice and nothing too much."""
    if not amount.minor:
        return
    now = clock.now()
    paid = Invoice.paid_minor + amount.minor
    done = db.session().execute(
        sa.update(Invoice)
        .where(Invoice.id == invoice.id, Invoice.status == "issued", paid <= Invoice.total_minor)
        .values(
            paid_minor=paid,
            status=sa.case((paid == Invoice.total_minor, "paid"), else_=Invoice.status),
            paid_at=sa.case((paid == Invoice.total_minor, now), else_=Invoice.paid_at),
        )
        .returning(Invoice.id)
        .execution_options(synchronize_session=False)
    )
    if done.first() is None:
        raise NothingOpen()
    db.session().refresh(invoice)
    if invoice.status == "paid":
        tell_paid(invoice)


def settle_nothing(invoice: Invoice, at: datetime) -> None:
    """An invoice that asks for nothing is paid as soon as it is issued."""
    assert invoice.total_minor == 0, invoice.number
    invoice.status = "paid"
    invoice.paid_at = at
    db.session().flush()
    tell_paid(invoice)


def tell_paid(invoice: Invoice) -> None:
    """Nothing is left to pay."""
    assert invoice.number is not None
    kept_id = kept_of(invoice.customer_id)
    publish(InvoicePaid(invoice.id, kept_id, invoice.number, invoice.total_minor, invoice.currency))


def give_back(
    invoice_id: UUID, amount: Money, *, from_credit: Money, is_whole: bool, memo: str, source_id: UUID | None = None
) -> None:
    """Book money that went back to the customer, of which up to `from_credit` had become credit.

    What the account has spent of that credit meanwhile is borne as a refund.
    With `is_whole` the invoice has lost all that was paid for it: a paid one is
    refunded then, and nothing is asked for again.
    """
    invoice = locked(invoice_id)
    taken = credit.take_up_to(invoice.customer_id, from_credit)
    ledger.post(
        "payment.refunded",
        [Posting("credit", taken), Posting("refunds", amount - taken), Posting("cash", -amount)],
        customer_id=kept_of(invoice.customer_id),
        invoice_id=invoice.id,
        memo=memo,
        source_id=source_id,
    )
    if is_whole and invoice.status == "paid":
        invoice.status = "refunded"
        invoice.refunded_at = clock.now()
        db.session().flush()
        assert invoice.number is not None
        kept_id = kept_of(invoice.customer_id)
        publish(InvoiceRefunded(invoice.id, kept_id, invoice.number, invoice.total_minor, invoice.currency))
