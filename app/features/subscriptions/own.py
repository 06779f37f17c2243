"""What one customer has, as its people and programs list it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.features.catalogue.cycles import PER
from app.features.catalogue.models import Product
from app.features.subscriptions.models import STATUSES, Subscription
from app.kernel.lists import Exact, Join, Listing, Sort
from app.kernel.money import Money


class Line(NamedTuple):
    """One service, read without the records around it."""

    id: UUID
    product_id: UUID
    slug: str
    plan_name: str
    cycle: str
    price_minor: int
    currency: str
    status: str
    auto_renew: bool
    period_start: datetime | None
    period_end: datetime | None
    set_up_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    created_at: datetime

    @property
    def price(self) -> Money:
        """For one cycle, before discounts and tax."""
        return Money(self.price_minor, self.currency)

    @property
    def price_words(self) -> str:
        """`USD 49.90 a year`."""
        return f"{self.price.plain} {PER[self.cycle]}"

    @property
    def is_being_set_up(self) -> bool:
        """Whether it is paid for and there is nothing to use yet."""
        return self.status == "active" and self.set_up_at is None


SERVICES = Listing(
    name="services",
    here="/client/services",
    model=Subscription,
    columns=tuple(Product.slug if name == "slug" else getattr(Subscription, name) for name in Line._fields),
    row=Line,
    joins=(Join(Product, Product.id == Subscription.product_id),),
    of=Subscription.customer_id,
    filters=(Exact("state", Subscription.status, STATUSES),),
    sorts={"newest": Sort("Newest first", Subscription.created_at, is_falling=True)},
)
