"""Money of a payment that goes back, and payers' banks that ask for it."""

from uuid import UUID

import sqlalchemy as sa

from app.features.billing import service as billing
from app.features.payments import service
from app.features.payments.events import PaymentDisputed, PaymentRefunded
from app.features.payments.models import Payment
from app.kernel import clock, db
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.money import Money


class RefundTooLarge(Conflict):
    """More would go back than came in: 409."""

    code, text = "refund_too_large", "More cannot go back than came in."


class RefundMoved(Conflict):
    """Something went back meanwhile: 409."""

    code, text = "refund_moved", "Something was sent back meanwhile. Look at the payment again."


def refund(payment_id: UUID, amount: Money, *, seen: int | None = None) -> Payment:
    """Book that money of a payment went back to the customer, whole or in part.

    What had become credit goes first. Nothing is asked for again: an invoice
    that has lost all that was paid for it is refunded. A person says how much
    had gone back when they looked (`seen`, in minor units), so that a second
    click books nothing.

    Raises:
        RefundMoved: something went back since they looked.
        RefundTooLarge: more would have gone back than came in.
        Conflict: it was paid with credit, which moved no money.
        Invalid: the amount is nothing or in another currency; names `amount`.
    """
    payment = _locked(payment_id)
    if seen is not None and payment.refunded_minor != seen:
        raise RefundMoved()
    if payment.gateway == "credit":
        raise Conflict("What was paid with credit is no money that could go back.", code="not_refundable")
    if amount.minor <= 0 or amount.currency != payment.currency:
        raise Invalid.field("amount", f"A refund is an amount in {payment.currency}.")
    if not payment.is_money or payment.refunded_minor + amount.minor > payment.amount_minor:
        raise RefundTooLarge()
    of_credit = min(amount.minor, max(0, payment.credited_minor - payment.refunded_minor))
    payment.refunded_minor += amount.minor
    payment.refunded_at = clock.now()
    if payment.refunded_minor == payment.amount_minor:
        payment.status = "refunded"
    db.session().flush()
    service.tell(PaymentRefunded, payment, amount)
    billing.give_back(
        payment.invoice_id,
        amount,
        from_credit=Money(of_credit, amount.currency),
        is_whole=_all_went_back(payment.invoice_id),
        memo=f"{service.LABELS[payment.gateway]}, {payment.reference}",
        source_id=payment.id,
    )
    return payment


def _locked(payment_id: UUID) -> Payment:
    """The payment as it stands; its invoice is locked first, as everywhere."""
    payment = db.session().get(Payment, payment_id)
    if payment is None:
        raise NotFound()
    billing.locked(payment.invoice_id)
    db.session().refresh(payment)
    return payment


def _all_went_back(invoice_id: UUID) -> bool:
    kept = sa.select(Payment.id).where(Payment.invoice_id == invoice_id, Payment.status.in_(("succeeded", "disputed")))
    return db.session().scalar(kept.limit(1)) is None


def dispute(payment_id: UUID) -> Payment:
    """Mark that the payer's bank asks for the money back. Doing so twice changes nothing."""
    payment = _locked(payment_id)
    if payment.disputed_at is None:
        payment.disputed_at = clock.now()
        if payment.status == "succeeded":
            payment.status = "disputed"
        db.session().flush()
        service.tell(PaymentDisputed, payment)
    return payment
