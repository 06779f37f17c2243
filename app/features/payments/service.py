"""Money that comes in, counted once, and what becomes of it later. The only writer of payments."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.features.accounts.merged import is_of, kept_of
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.billing.service import Settled
from app.features.payments.cash import check as check
from app.features.payments.events import PaymentDisputed, PaymentFailed, PaymentRefunded, PaymentSucceeded
from app.features.payments.models import Payment
from app.kernel import clock, db, tenancy
from app.kernel.access import Principal, Role, actor
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.kernel.money import Money

LABELS = {
    "bank": "Bank transfer",
    "sandbox": "Sandbox",
    "external": "Collected by the website",
    "stripe": "Card, on the website",
    "credit": "Account credit",
    "callback": "Payment provider",
}
"""What people read for each gateway."""
OUTSIDE = ("bank", "external", "stripe", "callback")
"""Ways to tell of money that moved elsewhere: of one transfer, several of them may tell."""
LONGEST_REFERENCE = 200


class ReferenceUsed(Conflict):
    """This reference has paid already: 409."""

    code, text = "reference_used", "A payment with this reference was recorded already."


@dataclass(frozen=True)
class Received:
    """A payment and what it did."""

    payment: Payment
    settled: Settled


def receive(
    invoice_id: UUID,
    amount: Money,
    *,
    gateway: str,
    reference: str,
    received_at: datetime | None = None,
    note: str = "",
) -> Received:
    """Take money that came in for an invoice; what is too much becomes the account's credit.

    A reference counts once per gateway, however many tell of it at once: the
    row is claimed before anything moves. Of one invoice it counts once however
    it was told, by the site, a provider or staff.

    Raises:
        NotFound: no such invoice.
        NotPayable: it is a draft or void.
        ReferenceUsed: the gateway's reference has paid already.
        Invalid: the amount is nothing or in another currency; names `amount`.
    """
    invoice = billing.locked(invoice_id)
    _check(invoice, amount)
    if gateway in OUTSIDE and told_of(invoice.id, reference) is not None:
        raise ReferenceUsed(fields={"reference": ReferenceUsed.text})
    payment = _claim(invoice, amount, gateway=gateway, reference=reference, received_at=received_at, note=note)
    tell(PaymentSucceeded, payment)
    memo = f"{LABELS[gateway]}, {reference}"
    settle = billing.settle_with_credit if gateway == "credit" else billing.settle
    settled = settle(invoice.id, amount, memo=memo, source_id=payment.id)
    if settled.credited.minor:
        payment.credited_minor = settled.credited.minor
        db.session().flush()
    return Received(payment, settled)


def _check(invoice: Invoice, amount: Money) -> None:
    if invoice.status in {"draft", "void"}:
        raise billing.NotPayable()
    if amount.minor <= 0:
        raise Invalid.field("amount", "An amount is more than nothing.")
    if amount.currency != invoice.currency:
        raise Invalid.field("amount", f"This invoice is in {invoice.currency}.")


def _claim(
    invoice: Invoice,
    amount: Money,
    *,
    gateway: str,
    reference: str,
    received_at: datetime | None,
    note: str = "",
    status: str = "succeeded",
    reason: str = "",
) -> Payment:
    """The payment's row; whoever tells of the same reference at the same moment waits here and is refused."""
    who, now, row_id = actor(), clock.now(), new_id()
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    wanted = insert(Payment).values(
        id=row_id,
        tenant_id=tenancy.current(),
        created_at=now,
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        gateway=gateway,
        reference=reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        status=status,
        reason=reason,
        note=note,
        received_at=received_at or now,
        recorded_by=who.user_id,
        recorded_by_key=who.key_id,
        credited_minor=0,
        refunded_minor=0,
    )
    if db.session().execute(wanted.on_conflict_do_nothing().returning(Payment.id)).first() is None:
        raise ReferenceUsed(fields={"reference": ReferenceUsed.text})
    return db.session().get_one(Payment, row_id)


def fail(
    invoice_id: UUID, amount: Money, *, gateway: str, reference: str, reason: str, received_at: datetime | None = None
) -> Payment:
    """Keep that somebody tried to pay and no money moved.

    Raises:
        NotFound: no such invoice.
        ReferenceUsed: this very try was recorded already.
        Invalid: the amount is nothing or in another currency; names `amount`.
    """
    invoice = billing.locked(invoice_id)
    _check(invoice, amount)
    payment = _claim(
        invoice,
        amount,
        gateway=gateway,
        reference=reference,
        received_at=received_at,
        status="failed",
        reason=reason,
    )
    publish(
        PaymentFailed(
            payment.id,
            invoice.id,
            kept_of(invoice.customer_id),
            gateway,
            reference,
            amount.minor,
            amount.currency,
            reason,
        )
    )
    return payment


def tell(
    event: type[PaymentSucceeded | PaymentRefunded | PaymentDisputed], payment: Payment, amount: Money | None = None
) -> None:
    """Publish what became of a payment; `amount` where it is not the whole."""
    told = amount or payment.amount
    publish(
        event(
            payment.id,
            payment.invoice_id,
            kept_of(payment.customer_id),
            payment.gateway,
            payment.reference,
            told.minor,
            told.currency,
        )
    )


def find(principal: Principal, payment_id: UUID) -> Payment:
    """A payment: for staff from BILLING up, and for the BILLING people of its own customer.

    Raises:
        NotFound: there is none, it is somebody else's, or the role sees no money.
    """
    payment = db.session().scalar(sa.select(Payment).where(Payment.id == payment_id))
    role = principal.staff_role or principal.customer_role or 0
    if payment is None or role < Role.BILLING:
        raise NotFound()
    if not principal.is_staff and not is_of(principal.customer_id, payment.customer_id):
        raise NotFound()
    return payment


def by_reference(gateway: str, reference: str) -> Payment | None:
    """The payment that the gateway calls so, but for tries that failed."""
    wanted = sa.select(Payment).where(
        Payment.gateway == gateway, Payment.reference == reference, Payment.status != "failed"
    )
    return db.session().scalar(wanted)


def told_of(invoice_id: UUID, reference: str) -> Payment | None:
    """The money from elsewhere that came for an invoice under this reference, whoever told of it."""
    wanted = sa.select(Payment).where(
        Payment.reference == reference,
        Payment.invoice_id == invoice_id,
        Payment.gateway.in_(OUTSIDE),
        Payment.status != "failed",
    )
    return db.session().scalars(wanted.order_by(Payment.created_at, Payment.id).limit(1)).first()


def failed_try(gateway: str, reference: str) -> Payment:
    """The try that the gateway calls so and that failed.

    Raises:
        NotFound: there is none.
    """
    wanted = sa.select(Payment).where(
        Payment.gateway == gateway, Payment.reference == reference, Payment.status == "failed"
    )
    found = db.session().scalar(wanted)
    if found is None:
        raise NotFound()
    return found
