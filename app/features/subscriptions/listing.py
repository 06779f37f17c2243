"""The list of subscriptions, and what they can be moved to."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.catalogue.models import Price, Product
from app.features.subscriptions.lifecycle import ONCE
from app.features.subscriptions.models import Subscription
from app.kernel import db
from app.kernel.lists import Choice, Exact, Join, Listing, Search, Sort, Words

MOST_OFFERED = 200


class Line(NamedTuple):
    """One subscription in the list."""

    id: UUID
    plan_name: str
    status: str
    set_up_at: datetime | None
    customer_id: UUID
    company: str
    name: str
    email: str
    price_minor: int
    currency: str
    cycle: str
    period_end: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    external_ref: str
    created_at: datetime


_S = Subscription
STANDS = {
    "pending": _S.status == "pending",
    "setting-up": sa.and_(_S.status == "active", _S.set_up_at.is_(None)),
    "active": _S.status == "active",
    "ending": sa.and_(_S.ends_at.is_not(None), _S.ended_at.is_(None)),
    "suspended": _S.status == "suspended",
    "cancelled": _S.status == "cancelled",
    "terminated": _S.status == "terminated",
}
"""What may be asked for by `state`: more than the statuses."""

SUBSCRIPTIONS = Listing(
    name="subscriptions",
    here="/admin/subscriptions",
    model=Subscription,
    columns=(
        _S.id, _S.plan_name, _S.status, _S.set_up_at, _S.customer_id, Customer.company, Customer.name, Customer.email,
        _S.price_minor, _S.currency, _S.cycle, _S.period_end, _S.ends_at, _S.ended_at, _S.external_ref, _S.created_at,
    ),
    row=Line,
    joins=(Join(Customer, Customer.id == _S.customer_id),),
    filters=(Choice("state", STANDS), Exact("plan", _S.product_id)),
    search=Search("q", Words("customer", _S.customer_id)),
    sorts={
        "newest": Sort("Newest first", _S.created_at, is_falling=True),
        "oldest": Sort("Oldest first", _S.created_at),
    },
)  # fmt: skip


def plans() -> list[tuple[str, str]]:
    """Ids and names of what can be rented, for the filter. One query."""
    wanted = sa.select(Product.id, Product.name).order_by(Product.name).limit(MOST_OFFERED)
    return [(str(product_id), name) for product_id, name in db.session().execute(wanted)]


def choices(subscription: Subscription) -> list[tuple[Price, Product]]:
    """Every price that it could be moved to: in its currency, renewing like it, on sale. One query."""
    once = Price.cycle == ONCE if subscription.cycle == ONCE else Price.cycle != ONCE
    wanted = (
        sa.select(Price, Product)
        .join(Product, Product.id == Price.product_id)
        .where(Price.currency == subscription.currency, once, Product.active, Product.archived_at.is_(None))
        .order_by(Product.name, Price.amount_minor)
        .limit(MOST_OFFERED)
    )
    return [
        (price, product)
        for price, product in db.session().execute(wanted)
        if (product.id, price.cycle) != (subscription.product_id, subscription.cycle)
        or price.amount_minor != subscription.price_minor
    ]
