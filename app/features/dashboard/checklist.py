"""The first steps of a new house: only those that the panel can see for itself, until all are done or put away."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.features.api_keys.models import ApiKey
from app.features.catalogue.models import Price
from app.features.dashboard.figures import Step
from app.features.dashboard.models import HiddenChecklist
from app.features.messages.models import EmailMessage
from app.features.tenants.models import Tenant
from app.kernel import db
from app.kernel.access import Role

SETTINGS = "/admin/settings"


@dataclass(frozen=True)
class Checklist:
    """The steps, and whether the owner may put them away."""

    steps: list[Step]
    can_hide: bool = False

    @property
    def done(self) -> str:
        """`3 of 6`."""
        return f"{sum(step.is_done for step in self.steps)} of {len(self.steps)}"


NOTHING = Checklist([])


def look(tenant: Tenant, role: Role, *, has_mail_server: bool, has_customer: bool) -> Checklist:
    """What is left to do, from what is there; nothing once all is done or put away. One query."""
    found = db.session().execute(_facts(tenant.currency)).one()
    is_hidden, has_sent, has_price, has_key = (one is not None for one in found)
    if is_hidden:
        return NOTHING
    steps = [
        _named(tenant),
        _mail(has_mail_server=has_mail_server, has_sent=has_sent),
        _gateway(tenant),
        _prices(tenant.currency, has_price=has_price),
        _key(has_key=has_key),
        _customer(has_customer=has_customer),
    ]
    if all(step.is_done for step in steps):
        return NOTHING
    shown = steps if role >= Role.ADMIN else [Step(step.title, step.text, step.is_done) for step in steps]
    return Checklist(shown, can_hide=role >= Role.OWNER)


def _facts(currency: str) -> sa.Select[Any, Any, Any, Any]:
    """The first row of each kind, or None: all at once, by an index."""
    wanted = (
        sa.select(HiddenChecklist.id),
        sa.select(EmailMessage.id).where(EmailMessage.state == "done"),
        sa.select(Price.id).where(Price.currency == currency),
        sa.select(ApiKey.id).where(ApiKey.revoked_at.is_(None)),
    )
    hidden, sent, priced, keyed = (one.limit(1).scalar_subquery() for one in wanted)
    return sa.select(hidden, sent, priced, keyed)


def _named(tenant: Tenant) -> Step:
    text = "Your legal name and address stand on every invoice."
    is_done = bool(tenant.legal_name and tenant.address)
    return Step("Who sells", text, is_done, "Fill in", SETTINGS)


def _mail(*, has_mail_server: bool, has_sent: bool) -> Step:
    if has_sent:
        return Step("Mail", "The first mail has left.", True)
    if has_mail_server:
        return Step("Mail", "A mail server is set. Send a test to see that it takes mail.", False, "Test it", SETTINGS)
    text = "Name a mail server in the settings, or set SMTP_URL and restart. Until then mails are kept."
    return Step("Mail", text, False, "Set it", SETTINGS)


def _gateway(tenant: Tenant) -> Step:
    if tenant.bank_enabled and tenant.bank_details:
        return Step("A way to be paid", "Customers can pay by bank transfer.", True)
    only = "Only the sandbox takes payments so far. " if tenant.sandbox_enabled else ""
    text = f"{only}Add the bank account that transfers go to."
    return Step("A way to be paid", text, False, "Set it up", f"{SETTINGS}/gateways")


def _prices(currency: str, *, has_price: bool) -> Step:
    return Step(
        f"Prices in {currency}", "What is on sale, and for how much.", has_price, "Set prices", "/admin/products"
    )


def _key(*, has_key: bool) -> Step:
    text = "Your website sends sign-ups with an API key."
    return Step("A key for your website", text, has_key, "Make a key", "/admin/api-keys/new")


def _customer(*, has_customer: bool) -> Step:
    text = "Sign-ups go to POST /api/marketing-api/accounts/create."
    return Step("A first customer", text, has_customer)
