"""`/client/payments`: paying an invoice, and the receipts of what was paid."""

from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from app.features.billing import own
from app.features.billing import service as billing
from app.features.billing.service import NothingOpen
from app.features.payments import charges, service
from app.features.payments.charges import PaidAlready
from app.features.payments.forms import PayForm
from app.features.payments.models import Payment
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("payments_client", prefix="/client/payments")

STATES = {
    "succeeded": ("good", "Paid"),
    "failed": ("bad", "Declined"),
    "refunded": ("done", "Refunded"),
    "disputed": ("warn", "Disputed"),
}


@routes.post("")
@requires(customer=Role.BILLING, limits=("60/minute",))
def create() -> ResponseReturnValue:
    """Pay what is open on an invoice, or on several, once however often anyone clicks."""
    form = PayForm()
    if not form.validate_on_submit():
        raise Invalid("This page was too old to pay with. Open the invoice again.")
    customer_id = principal().customer_id
    assert customer_id is not None, "the door lets in nobody else"
    invoices = own.find_all(customer_id, form.invoice_ids)
    is_one = len(invoices) == 1
    back = redirect(f"/client/billing/{invoices[0].id}" if is_one else "/client/billing", 303)
    try:
        done = charges.pay(invoices, form.agreed)
    except PaidAlready as said:
        toast("info", said.text)
        return back
    except NothingOpen as said:
        toast("warn", said.text)
        return back
    if done.is_declined:
        toast("bad", "The payment was declined. Nothing was taken; try another way.")
    else:
        what = "The receipt is beside the invoice." if is_one else f"{len(invoices)} invoices are settled by it."
        toast("good", f"{_sum(done.taken).plain} paid. {what}")
    return back


def _sum(taken: list[Payment]) -> Money:
    total = taken[0].amount
    for payment in taken[1:]:
        total += payment.amount
    return total


@routes.get("/<uuid:payment_id>")
@requires(customer=Role.BILLING)
def show(payment_id: UUID) -> ResponseReturnValue:
    """The receipt of one payment, to be read or printed."""
    payment = service.find(principal(), payment_id)
    invoice = billing.find(principal(), payment.invoice_id).invoice
    zone = tenants.current().time_zone
    return page(
        "payments/client/show.html",
        amount=payment.amount.plain,
        state=STATES[payment.status],
        is_money=payment.is_money,
        invoice_href=f"/client/billing/{invoice.id}",
        number=invoice.number,
        facts=_facts(payment, str(invoice.number), zone),
        payer=invoice.billed_to,
        seller=invoice.seller,
    )


def _facts(payment: Payment, number: str, zone: str) -> list[tuple[str, str]]:
    facts = [
        ("Received", words.exact(payment.received_at, zone)),
        ("Paid by", service.LABELS[payment.gateway]),
        ("Reference", payment.reference),
        ("For invoice", number),
    ]
    if payment.credited_minor:
        facts.append(("Kept as credit", Money(payment.credited_minor, payment.currency).plain))
    if payment.refunded_minor:
        facts.append(("Sent back", Money(payment.refunded_minor, payment.currency).plain))
    if payment.reason:
        facts.append(("Reason", payment.reason))
    return facts
