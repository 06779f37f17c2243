"""The mails there are: what each is called, why it goes out, and what its template needs to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.merged import kept_of, whose
from app.features.accounts.models import Customer, EmailChange, EmailUndo, SignUp, User
from app.features.billing.models import Invoice
from app.features.catalogue.cycles import SPANS
from app.features.catalogue.models import Product
from app.features.messages.models import EmailMessage
from app.features.payments.models import Payment
from app.features.payments.service import LABELS
from app.features.people import roles
from app.features.people import service as people
from app.features.people.models import Invitation
from app.features.provisioning.listing import title_of
from app.features.provisioning.models import ProvisioningJob
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.kernel import db, words
from app.kernel.access import Role
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
    """`first` or `reset` when it carries a password link of that purpose; else one of `rendering.THEMSELVES`."""
    needs_link: bool = False
    """Whether it is pointless once its link is used up or replaced."""
    facts: Callable[[EmailMessage], Facts] = _nothing_more
    department: str = "support"
    """Who is answered, where somebody answers it."""
    says_money: bool = False
    """Whether it names amounts: of the staff those from BILLING up may read it."""

    def headline(self, subject: str, *, sees_money: bool) -> str:
        """What staff read instead of the mail: its subject, or what kind it is where the subject names an amount."""
        return self.label if self.says_money and not sees_money else subject or self.label


def _welcome(message: EmailMessage) -> Facts:
    """What the customer `subject_id`, or the one it was merged into, has bought first, and its invoice."""
    session, customer_id = db.session(), kept_of(message.subject_id)
    bought = session.execute(
        sa.select(Product.name, Subscription.cycle)
        .join(Subscription, Subscription.product_id == Product.id)
        .where(Subscription.customer_id == customer_id)
        .order_by(Subscription.created_at)
        .limit(1)
    ).first()
    invoice = session.scalars(
        sa.select(Invoice).where(whose(Invoice.customer_id, customer_id)).order_by(Invoice.created_at).limit(1)
    ).first()
    zone = tenants.current().time_zone
    return {
        "customer": session.get_one(Customer, customer_id).title,
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


def _service(message: EmailMessage) -> Facts:
    """The subscription `subject_id`, and where the customer finds it. How to get in is never in a mail."""
    subscription = db.session().get_one(Subscription, message.subject_id)
    tenant = tenants.current()
    return {
        "plan": subscription.plan_name,
        "why": subscription.suspension_reason or subscription.ending_reason,
        "service_url": f"{tenants.base_url(tenant)}/client/services/{subscription.id}",
    }


def _task(message: EmailMessage) -> Facts:
    """The change of a service `subject_id` that is stuck or given up, for staff."""
    session = db.session()
    job = session.get_one(ProvisioningJob, message.subject_id)
    tenant = tenants.current()
    return {
        "task": title_of(job.kind, session.get_one(Subscription, job.subscription_id).plan_name),
        "customer": session.get_one(Customer, job.customer_id).title,
        "problem": (job.last_error or "") if job.state == "dead" else "",
        "since": words.exact(job.created_at, tenant.time_zone),
        "task_url": f"{tenants.base_url(tenant)}/admin/provisioning/{job.id}",
    }


def _invitation(message: EmailMessage) -> Facts:
    """Who asks whom to what. An address that somebody has already is told so, and gets no link."""
    session = db.session()
    invitation = session.get_one(Invitation, message.subject_id)
    customer = session.get(Customer, invitation.customer_id) if invitation.customer_id else None
    return {
        "inviter": session.get_one(User, invitation.invited_by).name,
        "account": customer.title if customer else "",
        **_role(invitation.granted, invitation.customer_id),
        "is_taken": people.is_address_taken(invitation),
    }


def _role(role: Role, customer_id: UUID | None) -> Facts:
    return {"role": roles.label(role).lower(), "role_words": roles.words(customer_id)[role]}


def _role_change(message: EmailMessage) -> Facts:
    """The role that the person has by now, and where."""
    user = db.session().get_one(User, message.subject_id)
    customer = db.session().get(Customer, user.customer_id) if user.customer_id else None
    return {"account": customer.title if customer else "", **_role(user.role, user.customer_id)}


def _data_copy(message: EmailMessage) -> Facts:
    """Where the copy of somebody's data is fetched: at the door that they use."""
    asker = db.session().get_one(User, message.to_user_id)
    door = "admin" if asker.is_staff else "client"
    return {"privacy_url": f"{tenants.base_url(tenants.current())}/{door}/privacy"}


def _sign_up(message: EmailMessage) -> Facts:
    """Whoever wants an account; or whose the address is already, with the way to their door."""
    session = db.session()
    row = session.get(SignUp, message.subject_id)
    owner = session.scalars(sa.select(User).where(User.email_key == accounts.normalise_email(message.to_address)))
    found = owner.one_or_none()
    house = tenants.base_url(tenants.current())
    return {
        "first_name": row.first_name if row is not None and found is None else "",
        "is_taken": found is not None,
        "sign_in_url": f"{house}/admin/sign-in" if found is not None and found.is_staff else f"{house}/sign-in",
    }


def _email_change(message: EmailMessage) -> Facts:
    """Who wants to sign in by the address that it goes to."""
    session = db.session()
    user = session.get_one(User, session.get_one(EmailChange, message.subject_id).user_id)
    return {"first_name": user.first_name}


def _email_undo(message: EmailMessage) -> Facts:
    """What was changed, for the old address; the new one is not named whole."""
    change = db.session().get_one(EmailChange, db.session().get_one(EmailUndo, message.subject_id).change_id)
    name, _, domain = change.new_email.partition("@")
    return {"old_email": change.old_email, "hidden_email": f"{name[:1]}…@{domain}"}


KINDS: dict[str, Kind] = {
    "welcome": Kind("Welcome", "A new customer was made", link="first", facts=_welcome, says_money=True),
    "password_reset": Kind("Password reset", "Somebody asked for a new password", link="reset", needs_link=True),
    "password_changed": Kind("Password changed", "The password was changed"),
    "role_changed": Kind("Role changed", "Somebody was given another role", facts=_role_change),
    "invitation": Kind("Invitation", "Somebody was invited", link="invitation", needs_link=True, facts=_invitation),
    "email_confirm": Kind(
        "Confirm an address", "Somebody wants to sign in by it", link="email_change", facts=_email_change
    ),
    "email_change_asked": Kind(
        "Change of address asked for", "Somebody wants to sign in by another one", link="email_undo", facts=_email_undo
    ),
    "email_changed": Kind("Address changed", "Somebody signs in by another one", link="email_undo", facts=_email_undo),
    "sign_up": Kind("Sign-up", "Somebody asked for an account", link="sign_up", facts=_sign_up),
    "payment_received": Kind("Receipt", "A payment came in", facts=_payment, department="billing", says_money=True),
    "service_ready": Kind("Service ready", "A service was set up", facts=_service, department="support"),
    "service_suspended": Kind("Service suspended", "A service was suspended", facts=_service, department="billing"),
    "service_ended": Kind("Service ended", "A service has ended", facts=_service, department="support"),
    "task_stuck": Kind("Set-up task stuck", "A set-up task did not move or was given up", facts=_task),
    "data_ready": Kind("Copy of data", "A copy of somebody's data was made", facts=_data_copy),
    "mail_test": Kind("Mail test", "Somebody tried the mail settings"),
}
"""Every mail by the name of its template."""
