"""What the marketing site sends and gets. Keys are as SPEC 3 spells them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.features.catalogue.cycles import CYCLES
from app.features.catalogue.models import Price, Product
from app.features.catalogue.service import Availability, Offer
from app.features.marketing.service import NewAccount, SystemStatus
from app.features.subscriptions.own import Line as Service
from app.kernel.money import Money
from app.kernel.schemas import Answer, Body, Line, Major, MoneyOut, Query, camel, one_line

Origin = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(one_line)]
"""Where somebody came from: one line, may be empty."""


def _no_address(text: str) -> str:
    """A name is printed in a mail to an address that nobody has proven yet: it may lead nowhere."""
    if "://" in text or "www." in text.lower():
        raise ValueError("A name may not hold a web address.")
    return text


Name = Annotated[Line, Field(max_length=100), AfterValidator(_no_address)]
"""A person's first or last name."""


class UtmIn(Body, alias_generator=camel):
    """The campaign's parameters, as they stood in the address."""

    campaign: Origin = ""
    source: Origin = ""
    medium: Origin = ""
    content: Origin = ""
    term: Origin = ""


class PaymentIn(Body, alias_generator=camel):
    """That the site has taken the money. A reference pays once; the amount is that of the invoice."""

    gateway: Literal["stripe", "external"]
    reference: Annotated[Line, Field(max_length=200, examples=["ch_3PzX"])]
    amount: Annotated[Line, Field(max_length=40, description="In major units, as text.", examples=["39.92"])]
    currency: Annotated[Line, Field(max_length=3, examples=["USD"])]


class AccountIn(Body, alias_generator=camel):
    """Somebody who orders a plan on the marketing site."""

    email: Annotated[Line, Field(max_length=254, examples=["customer@example.com"])]
    first_name: Annotated[Name, Field(examples=["John"])]
    last_name: Annotated[Name, Field(examples=["Doe"])]
    plan_id: Annotated[Line, Field(max_length=100, description="Slug or id.", examples=["shared-starter"])]
    billing_cycle: Annotated[
        Line, Field(max_length=20, description=f"One of {', '.join(CYCLES)}.", examples=["oneYear"])
    ]
    promo_code: Annotated[Origin | None, Field(examples=["WELCOME20"])] = None
    marketing_source: Annotated[Origin | None, Field(examples=["google-ads"])] = None
    utm_params: Annotated[
        UtmIn | None, Field(examples=[{"campaign": "summer-sale", "source": "google", "medium": "cpc"}])
    ] = None
    payment: Annotated[
        PaymentIn | None, Field(description="Absent: the order waits for payment, unless the key collects payments.")
    ] = None


class AccountOut(Answer, alias_generator=camel):
    """What was made. `setPasswordUrl` lets the customer in: give it to nobody else."""

    customer_id: UUID
    user_id: UUID
    order_id: UUID
    subscription_id: UUID
    invoice_id: UUID
    reset_token: str
    set_password_url: str

    @classmethod
    def of(cls, made: NewAccount) -> "AccountOut":
        """`made`, as it goes out."""
        return cls(
            customer_id=made.customer_id,
            user_id=made.user_id,
            order_id=made.order_id,
            subscription_id=made.subscription_id,
            invoice_id=made.invoice_id,
            reset_token=made.reset_token,
            set_password_url=made.set_password_url,
        )


class CatalogQuery(Query):
    """Which part of the catalogue."""

    category: Annotated[str | None, Field(max_length=100, examples=["shared-hosting"])] = None


class PriceOut(Answer):
    """What one cycle costs, before tax."""

    billing_cycle: str
    months: Annotated[int, Field(description="How many months one payment covers; 0 = paid once.")]
    price: MoneyOut
    setup_fee: MoneyOut

    @classmethod
    def of(cls, price: Price) -> "PriceOut":
        """`price`, as it goes out."""
        return cls(
            billing_cycle=price.cycle,
            months=CYCLES[price.cycle],
            price=MoneyOut.of(price.amount),
            setup_fee=MoneyOut.of(Money(price.setup_minor, price.currency)),
        )


class ProductOut(Answer):
    """A product with its prices."""

    id: UUID
    slug: str
    name: str
    description: str
    category: str
    features: list[str]
    storage_gb: int
    bandwidth_gb: Annotated[int, Field(description="A month; -1 = unlimited.")]
    websites: int
    mailboxes: int
    featured: bool
    available: bool
    prices: list[PriceOut]

    @classmethod
    def of(cls, offer: Offer) -> "ProductOut":
        """`offer`, as it goes out."""
        product = offer.product
        return cls(
            id=product.id,
            slug=product.slug,
            name=product.name,
            description=product.description,
            category=product.category,
            features=product.features,
            storage_gb=product.storage_gb,
            bandwidth_gb=product.bandwidth_gb,
            websites=product.websites,
            mailboxes=product.mailboxes,
            featured=product.featured,
            available=not product.is_sold_out,
            prices=[PriceOut.of(price) for price in offer.prices],
        )


class AvailabilityOut(Answer):
    """Whether a product can be ordered now."""

    id: UUID
    slug: str
    available: bool
    stock: Annotated[int | None, Field(description="How many are left; null = as many as are asked for.")]

    @classmethod
    def of(cls, found: Availability) -> "AvailabilityOut":
        """`found`, as it goes out."""
        product = found.product
        return cls(id=product.id, slug=product.slug, available=found.is_available, stock=found.stock)


class ServiceOut(Answer):
    """One service of a customer."""

    id: UUID
    plan_id: UUID
    plan_slug: str
    plan_name: str
    status: str
    billing_cycle: str
    price: MoneyOut
    period_start: datetime | None
    period_end: datetime | None
    ends_at: datetime | None
    auto_renew: bool
    created_at: datetime

    @classmethod
    def of(cls, service: Service) -> "ServiceOut":
        """`service`, as it goes out."""
        return cls(
            id=service.id,
            plan_id=service.product_id,
            plan_slug=service.slug,
            plan_name=service.plan_name,
            status=service.status,
            billing_cycle=service.cycle,
            price=MoneyOut(amount_minor=service.price_minor, currency=service.currency),
            period_start=service.period_start,
            period_end=service.period_end,
            ends_at=service.ends_at,
            auto_renew=service.auto_renew,
            created_at=service.created_at,
        )


Condition = Literal["operational", "degraded"]


class StatusOut(Answer):
    """How the panel does, for status pages."""

    status: Condition
    services: dict[str, Condition]
    timestamp: datetime

    @classmethod
    def of(cls, found: SystemStatus) -> "StatusOut":
        """`found`, as it goes out."""
        said: dict[str, Condition] = {
            name: "operational" if is_well else "degraded" for name, is_well in found.services.items()
        }
        return cls(status="operational" if found.is_well else "degraded", services=said, timestamp=found.at)


class PlanFeaturesOut(Answer):
    """What a plan has, in words."""

    features: list[str]


class PlanOut(Answer):
    """A plan as the pricing page shows it."""

    id: Annotated[str, Field(description="The slug: what `planId` takes.", examples=["shared-starter"])]
    name: str
    description: str
    price: Annotated[Major, Field(description="Major units of `currency`.", examples=[4.99])]
    currency: str
    billing_cycle: str
    features: PlanFeaturesOut
    storage_gb: int
    bandwidth_gb: int
    websites: int
    featured: bool

    @classmethod
    def of(cls, product: Product, price: Price) -> "PlanOut":
        """`product` at `price`, as it goes out."""
        return cls(
            id=product.slug,
            name=product.name,
            description=product.description,
            price=price.amount.major,
            currency=price.currency,
            billing_cycle=price.cycle,
            features=PlanFeaturesOut(features=product.features),
            storage_gb=product.storage_gb,
            bandwidth_gb=product.bandwidth_gb,
            websites=product.websites,
            featured=product.featured,
        )


class PricingOut(Answer):
    """Every plan on sale by the month, the cheapest first."""

    plans: list[PlanOut]
