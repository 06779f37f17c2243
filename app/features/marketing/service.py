"""A sign-up on the marketing site becomes a customer; and what the site shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.features.accounts import service as accounts
from app.features.accounts.service import Attribution
from app.features.billing.models import Invoice
from app.features.catalogue import service as catalogue
from app.features.catalogue.models import Price, Product
from app.features.messages import service as messages
from app.features.orders import service as orders
from app.features.payments import service as payments
from app.features.payments.service import ReferenceUsed
from app.features.tenants import service as tenants
from app.kernel import clock
from app.kernel.errors import Invalid
from app.kernel.money import parse_major

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
class Collected:
    """Money that the site has taken for a sale; None = not said, for sites that collect every payment."""

    gateway: str = "external"
    reference: str | None = None
    amount: str | None = None
    """In major units, as the site wrote it."""
    currency: str | None = None


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
    collected: Collected | None = None,
) -> NewAccount:
    """Make a customer who orders `plan` (a slug or an id), with an issued invoice and a welcome mail in the queue.

    All in the running transaction: whatever refuses leaves nothing behind. The
    order waits for payment unless the site has `collected` it: then it is paid,
    and what was bought is set up at once.

    Raises:
        Invalid: names `email`, `planId`, `billingCycle`, `promoCode`, `payment.amount` or `payment.currency`.
        EmailTaken, SoldOut, ReferenceUsed: name `email`, `planId`, `payment.reference`.
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
    if collected is not None:
        take(placed.invoice, collected)
    return NewAccount(
        customer_id=customer.id,
        user_id=user.id,
        order_id=placed.order.id,
        subscription_id=placed.subscription.id,
        invoice_id=placed.invoice.id,
        reset_token=accounts.link_token(link),
        set_password_url=accounts.set_password_url(link),
    )


def take(invoice: Invoice, collected: Collected) -> None:
    """Count what the site has collected: exactly what the invoice asks for.

    Raises:
        Invalid: names `payment.amount` or `payment.currency`.
        ReferenceUsed: names `payment.reference`.
    """
    if collected.currency is not None and collected.currency != invoice.currency:
        raise Invalid.field("payment.currency", f"The invoice is in {invoice.currency}.")
    if collected.amount is not None:
        amount = parse_major(collected.amount, invoice.currency, field="payment.amount")
        if amount != invoice.total:
            raise Invalid.field("payment.amount", f"The invoice asks for {invoice.total.plain}.")
    if not invoice.open.minor:
        return
    try:
        payments.receive(
            invoice.id, invoice.open, gateway=collected.gateway, reference=collected.reference or f"sale-{invoice.id}"
        )
    except ReferenceUsed as used:
        raise ReferenceUsed(fields={"payment.reference": used.text}) from used


def monthly_plans() -> list[tuple[Product, Price]]:
    """What is on sale by the month in the tenant's currency, the cheapest first."""
    offers = catalogue.catalog(currency=tenants.current().currency)
    found = [(offer.product, price) for offer in offers if (price := offer.price(MONTHLY)) is not None]
    return sorted(found, key=lambda plan: (plan[1].amount_minor, plan[0].slug))


def system_status() -> SystemStatus:
    """How the panel does. That this answers at all says that the API and the database work."""
    mail = messages.health()
    return SystemStatus({"api": True, "database": True, "email": not mail.trouble}, clock.now())
