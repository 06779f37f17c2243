"""The mails there are: what each is called, why it goes out, and what its template needs to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice
from app.features.catalogue.cycles import SPANS
from app.features.catalogue.models import Product
from app.features.messages.models import EmailMessage
from app.features.payments.models import Payment
from app.features.payments.service import LABELS
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.kernel import db, words
from app.kernel.money import Money

Facts = Mapping[str, Any]


def _nothing_more(_message: EmailMessage) -> Facts:
    return {}


@dataclass(frozen=True)
class Kind:
    """One sort of mail. Its words are `templates/messages/mail/<name>.html` and `.txt`."""

    label: str
    because: str
    """What made it wanted, as the timeline of a message says it."""
    link: str = ""
    """`first` or `reset` when it carries a password link of that purpose."""
    needs_link: bool = False
    """Whether it is pointless once its link is used up or replaced."""
    facts: Callable[[EmailMessage], Facts] = _nothing_more
    department: str = "support"
    """Who is answered, where somebody answers it."""


def _welcome(message: EmailMessage) -> Facts:
    """What the customer `subject_id` has bought first, and its invoice."""
    session = db.session()
    bought = session.execute(
        sa.select(Product.name, Subscription.cycle)
        .join(Subscription, Subscription.product_id == Product.id)
        .where(Subscription.customer_id == message.subject_id)
        .order_by(Subscription.created_at)
        .limit(1)
    ).first()
    invoice = session.scalars(
        sa.select(Invoice).where(Invoice.customer_id == message.subject_id).order_by(Invoice.created_at).limit(1)
    ).first()
    zone = tenants.current().time_zone
    return {
        "customer": session.get_one(Customer, message.subject_id).title,
        "plan": bought.name if bought else "",
        "span": SPANS[bought.cycle] if bought else "",
        "invoice_number": invoice.number if invoice else "",
        "invoice_total": invoice.total.plain if invoice else "",
        "invoice_due": words.day(invoice.due_at, zone) if invoice and invoice.due_at else "",
    }


def _payment(message: EmailMessage) -> Facts:
    """The payment `subject_id`, its invoice, and what was too much."""
    session = db.session()
    payment = session.get_one(Payment, message.subject_id)
    invoice = session.get_one(Invoice, payment.invoice_id)
    tenant = tenants.current()
    return {
        "amount": payment.amount.plain,
        "how": LABELS[payment.gateway],
        "reference": payment.reference,
        "received": words.day(payment.received_at, tenant.time_zone),
        "invoice_number": invoice.number,
        "open": invoice.open.plain if invoice.open.minor else "",
        "credited": Money(payment.credited_minor, payment.currency).plain if payment.credited_minor else "",
        "is_all_credit": payment.credited_minor == payment.amount_minor,
        "receipt_url": f"{tenants.base_url(tenant)}/client/payments/{payment.id}",
    }


KINDS: dict[str, Kind] = {
    "welcome": Kind("Welcome", "A new customer was made", link="first", facts=_welcome),
    "password_reset": Kind("Password reset", "Somebody asked for a new password", link="reset", needs_link=True),
    "password_changed": Kind("Password changed", "The password was changed"),
    "payment_received": Kind("Receipt", "A payment came in", facts=_payment, department="billing"),
    "mail_test": Kind("Mail test", "Somebody tried the mail settings"),
}
"""Every mail by the name of its template."""
