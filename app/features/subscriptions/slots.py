"""What subscriptions add to pages that show many rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.billing.models import Invoice
from app.features.catalogue.models import UNLIMITED, Product
from app.features.subscriptions.models import Subscription
from app.features.subscriptions.own import Line
from app.features.tenants import service as tenants
from app.kernel import db, words
from app.kernel.access import Role
from app.kernel.money import Money
from app.kernel.slots import Hit
from app.kernel.terms import LAST


@dataclass(frozen=True)
class ServiceCard:
    """One service as lists and cards show it."""

    subscription_id: UUID
    plan: str
    """The product's name when it was ordered."""
    slug: str
    status: str
    tone: str
    """The state's tone, as `ui.state` takes it."""
    state: str
    """The state in words."""
    price: Money
    price_words: str
    """`USD 49.90 a year`."""
    cycle: str
    next_step: str
    """What happens next, in one short sentence."""
    href: str
    """Its page in the portal."""

    @property
    def staff_href(self) -> str:
        """Its page for staff."""
        return f"/admin/subscriptions/{self.subscription_id}"


STATES: dict[str, tuple[str, str]] = {
    "pending": ("info", "Waiting for payment"),
    "active": ("good", "Active"),
    "suspended": ("bad", "Suspended"),
    "cancelled": ("done", "Cancelled"),
    "terminated": ("done", "Ended"),
}
"""Tone and words of each status."""
UNPAID = ("info", "Waiting for payment")
"""The same of what is pending because its first invoice is open."""
SETTING_UP = ("busy", "Setting up")
"""The same of what is paid for and cannot be used yet."""


def card(subscription: Subscription, product: Product, first_invoice: Invoice | None = None) -> ServiceCard:
    """A subscription as lists show it."""
    tone, state = state_of(subscription, first_invoice)
    return ServiceCard(
        subscription.id,
        subscription.plan_name,
        product.slug,
        subscription.status,
        tone,
        state,
        subscription.price,
        subscription.price_words,
        subscription.cycle,
        next_step(subscription),
        f"/client/services/{subscription.id}",
    )


def unpaid(lines: Sequence[Line]) -> set[UUID]:
    """Of what is pending, the first invoices that are open. One query, or none where nothing is pending."""
    asked = [line.first_invoice_id for line in lines if line.status == "pending" and line.first_invoice_id]
    if not asked:
        return set()
    return set(db.session().scalars(sa.select(Invoice.id).where(Invoice.id.in_(asked), Invoice.status == "issued")))


def state_of(subscription: Subscription, first_invoice: Invoice | None = None) -> tuple[str, str]:
    """Tone and words of where a subscription stands."""
    is_unpaid = first_invoice is not None and first_invoice.is_open
    return state_words(subscription, is_unpaid=is_unpaid)


def state_words(subscription: Subscription | Line, *, is_unpaid: bool) -> tuple[str, str]:
    """The same; `is_unpaid` says whether its first invoice is open."""
    if subscription.status == "pending" and is_unpaid:
        return UNPAID
    if subscription.is_being_set_up:
        return SETTING_UP
    return STATES[subscription.status]


def next_step(subscription: Subscription | Line, zone: str = "") -> str:
    """What happens next, and when, by the clock of `zone` or of the house."""
    zone = zone or tenants.current().time_zone
    if subscription.status == "pending":
        return "its time starts when it is paid"
    if subscription.ended_at is not None:
        return f"ended on {words.day(subscription.ended_at, zone)}"
    if subscription.status == "suspended":
        return "paused"
    if subscription.ends_at is not None:
        return f"ends on {words.day(subscription.ends_at, zone)}"
    if subscription.period_end is None:
        return "paid once, does not renew"
    verb = "renews on" if subscription.auto_renew else "ends on"
    return f"{verb} {words.day(subscription.period_end, zone)}"


def set_up_words(subscription: Subscription) -> str:
    """Since when there is something to use, for staff."""
    if subscription.set_up_at is not None:
        return f"Set up on {words.day(subscription.set_up_at, tenants.current().time_zone)}"
    return "Being set up" if subscription.is_being_set_up else "Not set up"


def limits(product: Product) -> list[tuple[str, str]]:
    """What a plan gives, as label and value."""
    traffic = "Unlimited" if product.bandwidth_gb == UNLIMITED else f"{product.bandwidth_gb:,} GB a month"
    return [
        ("Websites", f"{product.websites:,}"),
        ("Storage", f"{product.storage_gb:,} GB"),
        ("Bandwidth", traffic),
        ("Mailboxes", f"{product.mailboxes:,}"),
    ]


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Services whose reference on the machine begins so. One query over its index."""
    begin = text.strip()
    if role < Role.VIEWER or not begin or not begin.isprintable():
        return []
    wanted = (
        sa.select(Subscription.id, Subscription.external_ref, Subscription.plan_name, Subscription.status)
        .where(Subscription.external_ref >= begin, Subscription.external_ref < begin + LAST)
        .order_by(Subscription.external_ref)
        .limit(limit)
    )
    return [
        Hit("Services", one.external_ref, f"{one.plan_name} · {STATES[one.status][1]}",
            f"/admin/subscriptions/{one.id}", "server-2")
        for one in db.session().execute(wanted)
    ]  # fmt: skip


def services_of(customer_id: UUID, *, limit: int = 50) -> list[ServiceCard]:
    """What a customer has, newest first. One query."""
    return _newest(_whole().where(Subscription.customer_id == customer_id), limit)


def _whole() -> sa.Select[Subscription, Product, Invoice]:
    return (
        sa.select(Subscription, Product, Invoice)
        .join(Product, Product.id == Subscription.product_id)
        .outerjoin(Invoice, Invoice.id == Subscription.first_invoice_id)
    )


def _newest(wanted: sa.Select[Subscription, Product, Invoice], limit: int) -> list[ServiceCard]:
    newest = wanted.order_by(Subscription.created_at.desc(), Subscription.id.desc()).limit(limit)
    return [card(*row) for row in db.session().execute(newest)]
