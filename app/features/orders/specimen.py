"""One order with everything it makes, through the service."""

from app.features.accounts.models import Customer
from app.features.accounts.specimen import Account
from app.features.catalogue import specimen as catalogue
from app.features.orders import service
from app.features.orders.service import Placed


def make(customer: Customer) -> Placed:
    """The plan Starter for a year with `WELCOME20`: 49.90 less 20 %."""
    product, price, _code = catalogue.make()
    return service.place(customer=customer, product=product, price=price, promo_code="WELCOME20")


def of_account(account: Account, _tag: str) -> None:
    """An order that waits for money."""
    product, price, _code = catalogue.make()
    service.place(customer=account.customer, user_id=account.owner.id, product=product, price=price)
