"""What payments add to pages that show many rooms, and how their states are said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.merged import whose
from app.features.billing.models import Invoice
from app.features.payments.models import Payment, PaymentCallback
from app.features.payments.service import LABELS
from app.kernel import db, words
from app.kernel.access import Role
from app.kernel.money import Money
from app.kernel.slots import Hit
from app.kernel.terms import LAST

STATES = {
    "succeeded": ("good", "Received"),
    "failed": ("bad", "Failed"),
    "refunded": ("done", "Refunded"),
    "disputed": ("warn", "Disputed"),
}
CALLBACK_STATES = {
    "flagged": ("warn", "Does not fit"),
    "waiting": ("info", "Waits for its payment"),
    "done": ("good", "Carried out"),
    "settled": ("done", "Seen to"),
    "stored": ("busy", "Being carried out"),
}


@dataclass(frozen=True)
class PaymentCard:
    """One payment as lists and cards show it."""

    payment_id: UUID
    when: datetime
    gateway_label: str
    reference: str
    amount: Money
    tone: str
    """The state's tone, as `ui.state` takes it."""
    state: str
    href: str
    """Its page for staff."""


def recent_payments(customer_id: UUID | None = None, limit: int = 5) -> list[PaymentCard]:
    """The newest payments, of one customer or of all. One query."""
    wanted = sa.select(Payment).order_by(Payment.created_at.desc(), Payment.id.desc()).limit(limit)
    if customer_id is not None:
        wanted = wanted.where(whose(Payment.customer_id, customer_id))
    return [_card(payment) for payment in db.session().scalars(wanted)]


def _card(payment: Payment) -> PaymentCard:
    tone, state = STATES[payment.status]
    return PaymentCard(
        payment.id,
        payment.received_at,
        LABELS[payment.gateway],
        payment.reference,
        payment.amount,
        tone,
        state,
        f"/admin/payments/{payment.id}",
    )


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Payments whose reference begins with `text`, for staff who see money. One query."""
    begin = text.strip()
    if role < Role.BILLING or not begin or not begin.isprintable():
        return []
    rows = db.session().execute(
        sa.select(Payment.id, Payment.reference, Payment.amount_minor, Payment.currency, Invoice.number)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .where(Payment.reference >= begin, Payment.reference < begin + LAST)
        .order_by(Payment.reference)
        .limit(limit)
    )
    return [
        Hit("Payments", reference, f"{Money(minor, currency).plain} · {number}", f"/admin/payments/{row_id}", "cash")
        for row_id, reference, minor, currency, number in rows
    ]


def flagged() -> int:
    """How many callbacks wait for somebody. One query over the index by state."""
    wanted = sa.select(sa.func.count()).select_from(PaymentCallback).where(PaymentCallback.state == "flagged")
    return db.session().scalar(wanted) or 0


def told_of(payment_id: UUID, zone: str) -> list[tuple[str, str, str]]:
    """What a provider told of one payment: address, kind, when. One query."""
    rows = db.session().execute(
        sa.select(PaymentCallback.id, PaymentCallback.kind, PaymentCallback.created_at)
        .where(PaymentCallback.payment_id == payment_id)
        .order_by(PaymentCallback.created_at)
    )
    return [(f"/admin/payments/callbacks/{row_id}", kind, words.exact(at, zone)) for row_id, kind, at in rows]
