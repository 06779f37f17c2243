"""What subscriptions add to pages that show many rooms."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.catalogue.models import UNLIMITED, Product
from app.features.subscriptions.models import Subscription
from app.features.subscriptions.own import Line
from app.features.tenants import service as tenants
from app.kernel import db, words
from app.kernel.access import Role
from app.kernel.slots import Hit
from app.kernel.terms import LAST


@dataclass(frozen=True)
class ServiceCard:
    """One service as lists and cards show it."""

    subscription_id: UUID
    plan: str
    """The product's name when it was ordered."""
    status: str
    tone: str
    """The state's tone, as `ui.state` takes it."""
    state: str
    """The state in words."""
    price_words: str
    """`USD 49.90 a year`."""
    next_step: str
    """What happens next, in one short sentence."""
    href: str
    """Its page in the portal."""
    is_ending: bool
    """Whether it was cancelled and waits for its last day."""

    @property
    def staff_href(self) -> str:
        """Its page for staff."""
        return f"/admin/subscriptions/{self.subscription_id}"


class Alike(NamedTuple):
    """Services of one customer that stand and cost alike, and how many they are."""

    status: str
    is_set_up: bool
    cycle: str
    price_minor: int
    currency: str
    services: int

    @property
    def is_being_set_up(self) -> bool:
        """Whether they are paid for and there is nothing to use yet."""
        return self.status == "active" and not self.is_set_up


STATES: dict[str, tuple[str, str]] = {
    "pending": ("info", "Waiting for payment"),
    "active": ("good", "Active"),
    "suspended": ("bad", "Suspended"),
    "cancelled": ("done", "Cancelled"),
    "terminated": ("done", "Ended"),
}
"""Tone and words of each status."""
SETTING_UP = ("busy", "Setting up")
"""The same of what is paid for and cannot be used yet."""


def _card(subscription: Subscription) -> ServiceCard:
    """A subscription as lists show it."""
    tone, state = state_of(subscription)
    return ServiceCard(
        subscription.id,
        subscription.plan_name,
        subscription.status,
        tone,
        state,
        subscription.price_words,
        next_step(subscription),
        f"/client/services/{subscription.id}",
        subscription.is_ending,
    )


def state_of(subscription: Subscription | Line | Alike) -> tuple[str, str]:
    """Tone and words of where a subscription stands."""
    return SETTING_UP if subscription.is_being_set_up else STATES[subscription.status]


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


def services_of(customer_id: UUID, *, limit: int = 50, is_open: bool = False) -> list[ServiceCard]:
    """What a customer has, newest first; `is_open` leaves out what has ended. One query."""
    wanted = sa.select(Subscription).where(Subscription.customer_id == customer_id)
    if is_open:
        wanted = wanted.where(Subscription.ended_at.is_(None))
    newest = wanted.order_by(Subscription.created_at.desc(), Subscription.id.desc()).limit(limit)
    return [_card(subscription) for subscription in db.session().scalars(newest)]


def tally(customer_id: UUID, *, is_open: bool = False) -> list[Alike]:
    """The same counted, however much it is: by how it stands and what it costs, the newest first. One query."""
    row = Subscription
    kinds = (row.status, row.set_up_at.is_not(None), row.cycle, row.price_minor, row.currency)
    wanted = sa.select(*kinds, sa.func.count()).where(row.customer_id == customer_id)
    if is_open:
        wanted = wanted.where(row.ended_at.is_(None))
    found = db.session().execute(wanted.group_by(*kinds).order_by(sa.func.max(row.created_at).desc()))
    return [Alike(*line) for line in found]
