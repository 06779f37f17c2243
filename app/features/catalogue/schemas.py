"""Products and promo codes as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.catalogue.models import Price, Product
from app.features.catalogue.products import Tag, Tags
from app.features.catalogue.promos import Trial
from app.features.catalogue.rules import LARGEST, MOST_FEATURES
from app.kernel.errors import Invalid
from app.kernel.money import LARGEST_MINOR, Money
from app.kernel.schemas import Answer, Body, Line, MoneyOut, Query, camel

Cycle = Literal["monthly", "quarterly", "semiAnnual", "oneYear", "twoYears", "threeYears", "oneTime"]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Amount = Annotated[int, Field(ge=0, le=LARGEST_MINOR, description="Minor units, before tax.")]


class PriceIn(Body):
    """What one cycle costs in one currency."""

    billing_cycle: Cycle
    currency: Annotated[str, Field(min_length=3, max_length=3, examples=["USD"])]
    amount_minor: Amount
    setup_minor: Amount = 0


Prices = Annotated[list[PriceIn], Field(max_length=84)]


def tags(prices: list[PriceIn]) -> Tags:
    """The prices as the service takes them.

    Raises:
        Invalid: one cycle is priced twice in one currency.
    """
    found: dict[tuple[str, str], Tag] = {
        (price.currency, price.billing_cycle): Tag(price.amount_minor, price.setup_minor) for price in prices
    }
    if len(found) < len(prices):
        raise Invalid.field("prices", "A cycle is priced twice in one currency.")
    return found


class ProductIn(Body):
    """A new product."""

    slug: Annotated[Line, Field(max_length=64, examples=["shared-starter"])]
    name: Annotated[Line, Field(max_length=80, examples=["Starter"])]
    category: Annotated[Line, Field(max_length=64, examples=["shared-hosting"])]
    description: Annotated[str, Field(max_length=300)] = ""
    features: Annotated[list[Line], Field(max_length=MOST_FEATURES)] = []
    storage_gb: Count = 0
    bandwidth_gb: Annotated[int, Field(ge=-1, le=LARGEST, description="A month; -1 = unlimited.")] = -1
    websites: Count = 1
    mailboxes: Count = 0
    featured: bool = False
    active: bool = True
    stock: Annotated[Count | None, Field(description="null = as many as are asked for.")] = None
    prices: Prices = []


class ProductChange(Body):
    """What is to change; what is absent stays. `prices`, where given, are all there are."""

    name: Annotated[Line, Field(max_length=80)] = ""
    category: Annotated[Line, Field(max_length=64)] = ""
    description: Annotated[str, Field(max_length=300)] = ""
    features: Annotated[list[Line], Field(max_length=MOST_FEATURES)] = []
    storage_gb: Count = 0
    bandwidth_gb: Annotated[int, Field(ge=-1, le=LARGEST)] = -1
    websites: Count = 0
    mailboxes: Count = 0
    featured: bool = False
    active: bool = True
    stock: Count | None = None
    prices: Prices = []


class PriceOut(Answer):
    """What one cycle costs, before tax."""

    billing_cycle: str
    price: MoneyOut
    setup_fee: MoneyOut


class ProductOut(Answer):
    """A product with its prices, as staff and their programs see it."""

    id: UUID
    slug: str
    name: str
    description: str
    category: str
    features: list[str]
    storage_gb: int
    bandwidth_gb: int
    websites: int
    mailboxes: int
    featured: bool
    active: bool
    stock: int | None
    archived_at: datetime | None
    created_at: datetime
    prices: list[PriceOut]

    @classmethod
    def of(cls, product: Product, prices: list[Price]) -> "ProductOut":
        """`product` at `prices`, as it goes out."""
        plain = {name: getattr(product, name) for name in cls.model_fields if name != "prices"}
        shown = [
            PriceOut(
                billing_cycle=price.cycle,
                price=MoneyOut.of(price.amount),
                setup_fee=MoneyOut.of(Money(price.setup_minor, price.currency)),
            )
            for price in prices
        ]
        return cls(**plain, prices=shown)


class PublicProductOut(Answer):
    """A product on sale, as everybody may see it."""

    slug: str
    name: str
    description: str
    category: str
    features: list[str]
    storage_gb: int
    bandwidth_gb: int
    websites: int
    mailboxes: int
    featured: bool
    available: bool
    prices: list[PriceOut]

    @classmethod
    def of(cls, product: Product, prices: list[Price]) -> "PublicProductOut":
        """`product` at `prices`, as it goes out."""
        whole = ProductOut.of(product, prices)
        shown = {name: getattr(whole, name) for name in cls.model_fields if name != "available"}
        return cls(**shown, available=not product.is_sold_out)


class TrialQuery(Query, alias_generator=camel):
    """What would be ordered with the code."""

    plan_id: Annotated[str, Field(max_length=100, examples=["shared-starter"])]
    billing_cycle: Annotated[str, Field(max_length=20, examples=["oneYear"])]


class TrialOut(Answer, alias_generator=camel):
    """What a code would take off an order made now."""

    code: str
    valid: bool
    reason: Annotated[str | None, Field(description="Why it cannot be used: a code such as promo_code_over.")]
    message: Annotated[str | None, Field(description="The same in words for the customer.")]
    description: Annotated[str | None, Field(examples=["WELCOME20, 20 %"])]
    subtotal: MoneyOut
    discount: MoneyOut
    total: Annotated[MoneyOut, Field(description="Before tax.")]

    @classmethod
    def of(cls, trial: Trial) -> "TrialOut":
        """`trial`, as it goes out."""
        return cls(
            code=trial.code,
            valid=trial.refusal is None,
            reason=trial.refusal.code if trial.refusal else None,
            message=trial.refusal.text if trial.refusal else None,
            description=trial.reason or None,
            subtotal=MoneyOut.of(trial.subtotal),
            discount=MoneyOut.of(trial.discount),
            total=MoneyOut.of(trial.subtotal - trial.discount),
        )
