"""A further service for somebody who is a customer already."""

from uuid import UUID

from app.features.accounts import service as accounts
from app.features.catalogue import service as catalogue
from app.features.marketing.service import Collected, take
from app.features.orders import service as orders
from app.features.orders.service import Placed
from app.kernel.access import Principal
from app.kernel.errors import Invalid, NotFound


def add_service(
    who: Principal,
    customer_id: UUID,
    *,
    plan: str,
    cycle: str,
    promo_code: str | None = None,
    collected: Collected | None = None,
) -> Placed:
    """Sell `plan` (a slug or an id) to a customer; set up at once where the site has `collected` its price.

    All in the running transaction: whatever refuses leaves nothing behind.

    Raises:
        Invalid: names `customerId`, `planId`, `billingCycle`, `promoCode`, `payment.amount` or `payment.currency`.
        SoldOut, ReferenceUsed: name `planId`, `payment.reference`.
    """
    try:
        customer = accounts.find_customer(who, customer_id)
    except NotFound as nobody:
        raise Invalid.field("customerId", "There is no such customer.", code="unknown_customer") from nobody
    if not customer.is_active:
        raise Invalid.field("customerId", "This account is closed.", code="closed_customer")
    product = catalogue.find_sellable(plan)
    price = catalogue.price_of(product, cycle, customer.currency)
    placed = orders.place(customer=customer, product=product, price=price, promo_code=promo_code)
    if collected is not None:
        take(placed.invoice, collected)
    return placed
