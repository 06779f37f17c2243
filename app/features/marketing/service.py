"""A sign-up on the marketing site becomes a customer; and what the site shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.features.accounts import service as accounts
from app.features.accounts.service import Attribution
from app.features.catalogue import service as catalogue
from app.features.catalogue.models import Price, Product
from app.features.messages import service as messages
from app.features.orders import service as orders
from app.features.tenants import service as tenants
from app.kernel import clock

MONTHLY = "monthly"


@dataclass(frozen=True)
class NewAccount:
    """What one sign-up made. Token and address let the person in: never log them."""

    customer_id: UUID
    user_id: UUID
    order_id: UUID
    subscription_id: UUID
    invoice_id: UUID
    reset_token: str
    set_password_url: str


@dataclass(frozen=True)
class SystemStatus:
    """What works, looked at now."""

    services: dict[str, bool]
    at: datetime

    @property
    def is_well(self) -> bool:
        """Whether all of it does."""
        return all(self.services.values())


def create_account(
    *,
    email: str,
    first_name: str,
    last_name: str,
    plan: str,
    cycle: str,
    promo_code: str | None = None,
    attribution: Attribution = accounts.NOWHERE,
) -> NewAccount:
    """Make a customer who orders `plan` (a slug or an id), with an issued invoice and a welcome mail in the queue.

    All in the running transaction: whatever refuses leaves nothing behind. The
    order waits for payment.

    Raises:
        Invalid: names `email`, `planId`, `billingCycle` or `promoCode`.
        EmailTaken, SoldOut: name `email`, `planId`.
    """
    currency = tenants.current().currency
    accounts.normalise_email(email)
    product = catalogue.find_sellable(plan)
    price = catalogue.price_of(product, cycle, currency)
    customer, user = accounts.register(
        email=email, first_name=first_name, last_name=last_name, currency=currency, attribution=attribution
    )
    link = accounts.start_password_link(user, "first")
    placed = orders.sell_to_new_customer(
        customer=customer, user=user, product=product, price=price, promo_code=promo_code
    )
    return NewAccount(
        customer_id=customer.id,
        user_id=user.id,
        order_id=placed.order.id,
        subscription_id=placed.subscription.id,
        invoice_id=placed.invoice.id,
        reset_token=accounts.link_token(link),
        set_password_url=accounts.set_password_url(link),
    )


def monthly_plans() -> list[tuple[Product, Price]]:
    """What is on sale by the month in the tenant's currency, the cheapest first."""
    offers = catalogue.catalog(currency=tenants.current().currency)
    found = [(offer.product, price) for offer in offers if (price := offer.price(MONTHLY)) is not None]
    return sorted(found, key=lambda plan: (plan[1].amount_minor, plan[0].slug))


def system_status() -> SystemStatus:
    """How the panel does. That this answers at all says that the API and the database work."""
    mail = messages.health()
    return SystemStatus({"api": True, "database": True, "email": not mail.trouble}, clock.now())
