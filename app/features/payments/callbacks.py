"""What providers of payments tell us: checked, stored word for word, and carried out once, in any order.

A callback is stored by the request and carried out right after, in a
transaction of its own; one that was stored and not carried out, because the
process died between, is found by the sweep. What does not fit its invoice is
flagged for staff and pays nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from standardwebhooks import Webhook, WebhookVerificationError

from app.features.audit import service as audit
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.payments import refunds, service
from app.features.payments.models import Payment, PaymentCallback
from app.features.payments.refunds import RefundTooLarge
from app.features.payments.service import ReferenceUsed
from app.features.tenants import service as tenants
from app.kernel import clock, db, logs, tenancy
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, NotFound, Refusal
from app.kernel.ids import new_id
from app.kernel.money import Money, parse_major

PROVIDER, GATEWAY = "generic", "callback"
FORGOTTEN_AFTER = timedelta(minutes=1)
"""A callback that is still only stored after so long was left by a process that died."""
PATIENCE = timedelta(days=4)
"""How long a callback waits for the payment that it is about, before people look: providers try for three."""
_UNFINISHED = ("stored", "waiting")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

_log = logs.get("payments")


class BadSignature(Refusal):
    """It was not signed with this tenant's secret, or too long ago: 401. Nothing is stored."""

    status, code = 401, "bad_signature"
    text = "The signature does not fit: sign the body as Standard Webhooks says, within five minutes."


class Flagged(Conflict):
    """It is genuine and does not fit what is here."""


class PaymentUnknown(Conflict):
    """It is about a payment that we have not heard of yet."""

    text = "Waits for the payment that it is about."


@dataclass(frozen=True)
class Told:
    """What one callback says."""

    event_id: str
    kind: str
    invoice: str
    amount: str
    currency: str
    reference: str
    occurred_at: datetime


def check_signature(body: bytes, headers: dict[str, str]) -> None:
    """Let pass what was signed with the secret of the tenant that is set, at most five minutes ago.

    Raises:
        BadSignature: anything else; it is logged.
    """
    try:
        Webhook(tenants.callback_secret()).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError) as problem:
        _log.warning("callback_refused", provider=PROVIDER, why=str(problem)[:100])
        raise BadSignature() from problem


def store(body: bytes, told: Told) -> UUID | None:
    """Keep what a provider told us; its id counts once.

    Returns the row that is still to be carried out, if there is one.
    """
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    wanted = insert(PaymentCallback).values(
        id=new_id(),
        tenant_id=tenancy.current(),
        created_at=clock.now(),
        provider=PROVIDER,
        event_id=told.event_id,
        kind=told.kind,
        body=body,
        invoice=told.invoice,
        amount=told.amount,
        currency=told.currency,
        reference=told.reference,
        occurred_at=_believable(told.occurred_at),
        state="stored",
        reason="",
    )
    made = db.session().execute(wanted.on_conflict_do_nothing().returning(PaymentCallback.id)).scalar()
    if made is not None:
        return made
    same = (PaymentCallback.provider == PROVIDER, PaymentCallback.event_id == told.event_id)
    return db.session().scalar(sa.select(PaymentCallback.id).where(*same, PaymentCallback.state == "stored"))


def _believable(moment: datetime) -> datetime:
    """When it happened, as far as that can be: not before this century, nor after now."""
    now = clock.now()
    return moment if _EARLIEST <= moment <= now else now


def carry_out(callback_id: UUID) -> None:
    """Do what a stored callback says; a second call changes nothing.

    The invoice is locked before the callback's own row, as by everybody: all
    that is told of one payment stands in one line.
    """
    row = db.session().get(PaymentCallback, callback_id)
    if row is None or row.state not in _UNFINISHED:
        return
    invoice = _invoice(row)
    db.session().refresh(row, with_for_update={"key_share": True})
    if row.state not in _UNFINISHED:
        return
    try:
        with db.session().begin_nested():
            payment = _done(row, invoice)
    except PaymentUnknown as waits:
        row.state, row.reason = "waiting", waits.text
    except Refusal as problem:
        row.state, row.reason, row.processed_at = "flagged", problem.text, clock.now()
        _log.warning("callback_flagged", callback=str(row.id), why=problem.text)
    else:
        row.state, row.reason, row.payment_id, row.processed_at = "done", "", payment.id, clock.now()
    db.session().flush()
    if row.state == "done" and row.kind == "payment.succeeded":
        _carry_out_waiting(row.reference)


def _carry_out_waiting(reference: str) -> None:
    """What came before the payment that it is about."""
    waiting = sa.select(PaymentCallback.id).where(
        PaymentCallback.reference == reference, PaymentCallback.state == "waiting"
    )
    for callback_id in list(db.session().scalars(waiting.order_by(PaymentCallback.occurred_at, PaymentCallback.id))):
        carry_out(callback_id)


def _invoice(row: PaymentCallback) -> Invoice | None:
    """The invoice that it is about, locked."""
    found = invoice_id_of(row)
    return billing.locked(found) if found is not None else None


def invoice_id_of(row: PaymentCallback) -> UUID | None:
    """The invoice whose number or id was told, if there is one."""
    try:
        is_it = Invoice.id == UUID(row.invoice)
    except ValueError:
        is_it = Invoice.number == row.invoice
    return db.session().scalar(sa.select(Invoice.id).where(is_it, Invoice.status != "draft"))


def _done(row: PaymentCallback, invoice: Invoice | None) -> Payment:
    """The payment that it made or changed."""
    act = _ACTS.get(row.kind)
    if act is None:
        raise Flagged(f"The type {row.kind} is not known here.")
    if invoice is None:
        raise Flagged("There is no such invoice here.")
    if row.currency != invoice.currency:
        raise Flagged(f"The invoice is in {invoice.currency}, not {row.currency}.")
    return act(row, invoice, parse_major(row.amount, invoice.currency))


def _succeeded(row: PaymentCallback, invoice: Invoice, amount: Money) -> Payment:
    known = service.by_reference(GATEWAY, row.reference) or service.told_of(invoice.id, row.reference)
    if known is not None:
        if known.invoice_id != invoice.id or known.amount != amount:
            raise Flagged("This reference has paid something else.")
        return known
    if amount not in (invoice.total, invoice.open) or not amount.minor:
        asks = invoice.open if invoice.is_open else invoice.total
        raise Flagged(f"The invoice asks for {asks.plain}, not {amount.plain}.")
    received = service.receive(
        invoice.id, amount, gateway=GATEWAY, reference=row.reference, received_at=row.occurred_at
    )
    return received.payment


def _failed(row: PaymentCallback, invoice: Invoice, amount: Money) -> Payment:
    try:
        return service.fail(
            invoice.id,
            amount,
            gateway=GATEWAY,
            reference=row.reference,
            reason="Declined by the provider",
            received_at=row.occurred_at,
        )
    except ReferenceUsed:
        return service.failed_try(GATEWAY, row.reference)


def _refunded(row: PaymentCallback, invoice: Invoice, amount: Money) -> Payment:
    return refunds.refund(_payment_of(row, invoice).id, amount)


def _disputed(row: PaymentCallback, invoice: Invoice, amount: Money) -> Payment:
    payment = _payment_of(row, invoice)
    if not 0 < amount.minor <= payment.amount_minor:
        raise RefundTooLarge()
    return refunds.dispute(payment.id)


def _payment_of(row: PaymentCallback, invoice: Invoice) -> Payment:
    payment = service.by_reference(GATEWAY, row.reference) or service.told_of(invoice.id, row.reference)
    if payment is None:
        raise PaymentUnknown()
    if payment.invoice_id != invoice.id:
        raise Flagged("That payment was for another invoice.")
    return payment


_ACTS: Mapping[str, Callable[[PaymentCallback, Invoice, Money], Payment]] = {
    "payment.succeeded": _succeeded,
    "payment.failed": _failed,
    "payment.refunded": _refunded,
    "dispute.opened": _disputed,
}


def forgotten() -> list[tuple[UUID, UUID]]:
    """Tenant and id of callbacks that were stored and not carried out, of all tenants, oldest first."""
    left = sa.select(PaymentCallback.tenant_id, PaymentCallback.id).where(
        PaymentCallback.state == "stored", PaymentCallback.created_at <= clock.now() - FORGOTTEN_AFTER
    )
    return [(row[0], row[1]) for row in db.session().execute(left.order_by(PaymentCallback.created_at).limit(1000))]


def flag_forsaken() -> int:
    """Show staff what waited in vain for its payment; how many."""
    now, reason = clock.now(), "The payment that it is about never came by this way."
    forsaken = (
        sa.update(PaymentCallback)
        .where(PaymentCallback.state == "waiting", PaymentCallback.created_at <= now - PATIENCE)
        .values(state="flagged", reason=reason, processed_at=now)
        .returning(PaymentCallback.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(db.session().execute(forsaken).all())


def find(principal: Principal, callback_id: UUID) -> PaymentCallback:
    """A callback, for staff from BILLING up.

    Raises:
        NotFound: there is none, or the role sees no money.
    """
    found = db.session().scalar(sa.select(PaymentCallback).where(PaymentCallback.id == callback_id))
    if found is None or (principal.staff_role or 0) < Role.BILLING:
        raise NotFound()
    return found


def settle(callback_id: UUID, *, by: UUID | None) -> None:
    """Take a flagged callback off the list: a person has seen to it. Doing so twice changes nothing."""
    done = db.session().execute(
        sa.update(PaymentCallback)
        .where(PaymentCallback.id == callback_id, PaymentCallback.state == "flagged")
        .values(state="settled", settled_by=by)
        .returning(PaymentCallback.event_id, PaymentCallback.kind)
        .execution_options(synchronize_session="fetch")
    )
    for event_id, kind in done:
        audit.record(
            "PAYMENT_CALLBACK_SETTLED", resource_type="payment_callback", resource_id=callback_id,
            after={"event": event_id, "kind": kind},
        )  # fmt: skip
