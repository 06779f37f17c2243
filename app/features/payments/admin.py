"""`/admin/payments`: what came in, recording a transfer, and what providers told that does not fit."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.accounts.histories import history_of
from app.features.accounts.slots import names_of
from app.features.audit import exporting
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.payments import refunds, service, slots
from app.features.payments.forms import RefundForm, TransferForm
from app.features.payments.listing import PAYMENTS, Line
from app.features.payments.models import Payment
from app.features.tenants import service as tenants
from app.kernel import clock, ids, words
from app.kernel.access import Role, requires
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.exports import Cell
from app.kernel.listed import listed
from app.kernel.money import Money, parse_major
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

HERE = PAYMENTS.here
EXPORT_HEAD = ("id", "reference", "gateway", "status", "customer id", "company", "name", "email", "invoice", "currency",
               "amount", "credited", "refunded", "received", "recorded")  # fmt: skip
STATES = (("", "Any"), *((name, state) for name, (_tone, state) in slots.STATES.items()))
REFUNDED_BY_STAFF = ("bank", "external", "stripe", "sandbox")
GATEWAYS = (("", "Any"), *service.LABELS.items())

routes = PageRoutes("payments_admin", prefix=HERE)


@routes.get("")
@requires(staff=Role.BILLING)
def index() -> ResponseReturnValue:
    """All payments, the newest first."""
    asked = PAYMENTS.read(request.args, zone=tenants.current().time_zone)
    return listed(
        "payments/admin/index.html",
        PAYMENTS,
        asked,
        _rows,
        one="payment",
        crumbs=[("Payments", None)],
        states=STATES,
        gateways=GATEWAYS,
        flagged=slots.flagged(),
    )


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        tone, state = slots.STATES[line.status]
        amount = Money(line.amount_minor, line.currency).plain
        credited = f"{Money(line.credited_minor, line.currency).plain} as credit" if line.credited_minor else ""
        when, exact = words.ago(line.created_at, zone), words.exact(line.created_at, zone)
        yield (
            f"{HERE}/{line.id}", line.reference, service.LABELS[line.gateway], line.company or line.name, line.number,
            tone, state, amount, credited, when, exact,
        )  # fmt: skip


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    return exporting.export(
        PAYMENTS, EXPORT_HEAD, _cells, request.form, resource_type="payment", zone=tenants.current().time_zone
    )


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    minor = (line.amount_minor, line.credited_minor, line.refunded_minor)
    return (
        str(line.id), line.reference, line.gateway, line.status, str(line.customer_id), line.company, line.name,
        line.email, line.number, line.currency, *(Money(amount, line.currency).major for amount in minor),
        line.received_at, line.created_at,
    )  # fmt: skip


@routes.get("/new")
@requires(staff=Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form to record a transfer for `?invoice=`, filled in with what is open."""
    invoice = _asked_invoice()
    form = TransferForm()
    form.amount.data = request.args.get("amount", "")[:40] or str(
        (invoice.open if invoice.is_open else invoice.total).major
    )
    form.reference.data = request.args.get("reference", "")[: service.LONGEST_REFERENCE]
    form.received_on.data = _today().isoformat()
    return _form(form, invoice)


def _asked_invoice() -> Invoice:
    invoice_id = ids.parse_id(request.values.get("invoice", ""))
    if invoice_id is None:
        raise NotFound()
    return billing.find(principal(), invoice_id).invoice


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(tenants.current().time_zone)).date()


def _form(form: TransferForm, invoice: Invoice, *, status: int = 200) -> ResponseReturnValue:
    customer = accounts.find_customer(principal(), invoice.customer_id, follows=True)
    return page(
        "payments/admin/new.html",
        status=status,
        crumbs=[
            ("Invoices", "/admin/billing"),
            (str(invoice.number), f"/admin/billing/{invoice.id}"),
            ("Payment", None),
        ],
        form=form,
        invoice_id=invoice.id,
        number=invoice.number,
        customer=customer.title,
        currency=invoice.currency,
        open=invoice.open.plain if invoice.is_open else "",
        status_word=invoice.status,
        today=_today().isoformat(),
    )


@routes.post("")
@requires(staff=Role.ADMIN)
def create() -> ResponseReturnValue:
    """Record a transfer that staff saw coming in. The bank's reference counts once."""
    invoice = _asked_invoice()
    form = TransferForm()
    if not form.validate_on_submit():
        return _form(form, invoice, status=422)
    try:
        amount = parse_major(form.amount.data.strip(), invoice.currency)
        received_at = _moment(form.received_on.data)
        received = service.receive(
            invoice.id,
            amount,
            gateway="bank",
            reference=form.reference.data,
            received_at=received_at,
            note=(form.note.data or "").strip(),
        )
    except (Invalid, Conflict) as refusal:
        for name, text in (refusal.fields or {"amount": refusal.text}).items():
            form[name].errors = [*form[name].errors, text]
        return _form(form, invoice, status=refusal.status)
    credited = received.settled.credited
    more = f" {credited.plain} of it is kept as credit." if credited.minor else ""
    toast("good", f"{amount.plain} recorded for {invoice.number}.{more}")
    return redirect(f"/admin/billing/{invoice.id}", 303)


def _moment(day: str) -> datetime:
    """Noon of that day where the tenant is, or now if that is still to come.

    Raises:
        Invalid: no such day, one to come, or one before the year 2000; names `received_on`.
    """
    zone = ZoneInfo(tenants.current().time_zone)
    try:
        found = date.fromisoformat(day)
    except ValueError as problem:
        raise Invalid.field("received_on", "There is no such day.") from problem
    if not date(2000, 1, 1) <= found <= _today():
        raise Invalid.field("received_on", "A day up to today, please.")
    return min(datetime.combine(found, time(12), zone).astimezone(UTC), clock.now())


@routes.get("/<uuid:payment_id>")
@requires(staff=Role.BILLING)
def show(payment_id: UUID) -> ResponseReturnValue:
    """One payment: what it was for, who told of it, and what became of it."""
    payment = service.find(principal(), payment_id)
    invoice = billing.find(principal(), payment.invoice_id).invoice
    customer = accounts.find_customer(principal(), payment.customer_id, follows=True)
    zone = tenants.current().time_zone
    tone, state = slots.STATES[payment.status]
    return page(
        "payments/admin/show.html",
        crumbs=[("Payments", HERE), (payment.reference, None)],
        title=payment.amount.plain,
        tone=tone,
        state=state,
        customer=customer.title,
        customer_href=f"/admin/customers/{customer.id}",
        number=invoice.number,
        invoice_href=f"/admin/billing/{invoice.id}",
        facts=_facts(payment, zone),
        refund_href=f"{HERE}/{payment.id}/refunds/new"
        if is_at_least(Role.ADMIN) and _is_refunded_here(payment)
        else "",
        told=slots.told_of(payment.id, zone),
        history=history_of({"payment": [payment.id]}, zone=zone),
    )


def _is_refunded_here(payment: Payment) -> bool:
    """Whether staff say that it went back; of what a provider told us, the provider tells that too."""
    return payment.gateway in REFUNDED_BY_STAFF and payment.kept.minor > 0


@routes.get("/<uuid:payment_id>/refunds/new")
@requires(staff=Role.ADMIN)
def new_refund(payment_id: UUID) -> ResponseReturnValue:
    """The form to record that money went back, filled in with all that is left."""
    payment = _refundable(payment_id)
    form = RefundForm()
    form.amount.data = str(payment.kept.major)
    form.seen.data = str(payment.refunded_minor)
    return _refund_form(form, payment)


def _refundable(payment_id: UUID) -> Payment:
    payment = service.find(principal(), payment_id)
    if not _is_refunded_here(payment):
        raise Conflict("Nothing of this payment can be sent back by hand.", code="not_refundable")
    return payment


def _refund_form(form: RefundForm, payment: Payment, *, status: int = 200) -> ResponseReturnValue:
    number = str(billing.find(principal(), payment.invoice_id).invoice.number)
    customer = accounts.find_customer(principal(), payment.customer_id, follows=True)
    return page(
        "payments/admin/refund.html",
        status=status,
        crumbs=[("Payments", HERE), (payment.reference, f"{HERE}/{payment.id}"), ("Refund", None)],
        form=form,
        here=f"{HERE}/{payment.id}",
        number=number,
        customer=customer.title,
        amount=payment.amount.plain,
        left=payment.kept.plain,
        currency=payment.currency,
        is_sandbox=payment.gateway == "sandbox",
    )


@routes.post("/<uuid:payment_id>/refunds")
@requires(staff=Role.ADMIN)
def create_refund(payment_id: UUID) -> ResponseReturnValue:
    """Record that money of a payment went back, once however often anyone clicks."""
    payment = service.find(principal(), payment_id)
    form = RefundForm()
    if not form.validate_on_submit():
        return _refund_form(form, payment, status=422)
    try:
        amount = parse_major(form.amount.data.strip(), payment.currency)
        refunds.refund(_refundable(payment_id).id, amount, seen=int(form.seen.data))
    except (Invalid, Conflict) as refusal:
        form.amount.errors = [*form.amount.errors, refusal.fields.get("amount", refusal.text)]
        return _refund_form(form, payment, status=refusal.status)
    toast("good", f"{amount.plain} recorded as sent back.")
    return redirect(f"{HERE}/{payment_id}", 303)


def _facts(payment: Payment, zone: str) -> list[tuple[str, str]]:
    who = names_of({payment.recorded_by}).get(payment.recorded_by, "") if payment.recorded_by else ""
    facts = [
        ("Came by", service.LABELS[payment.gateway]),
        ("Reference", payment.reference),
        ("Received", words.exact(payment.received_at, zone)),
        ("Recorded", words.exact(payment.created_at, zone)),
        ("By", who or ("An API key" if payment.recorded_by_key else "The panel")),
    ]
    if payment.credited_minor:
        facts.append(("Kept as credit", Money(payment.credited_minor, payment.currency).plain))
    if payment.refunded_minor:
        facts.append(("Sent back", Money(payment.refunded_minor, payment.currency).plain))
    facts += [(label, text) for label, text in (("Reason", payment.reason), ("Note", payment.note)) if text]
    return facts
