"""One subscription, made through the service."""

from app.features.accounts.models import Customer
from app.features.billing import specimen as billing
from app.features.catalogue import specimen as catalogue
from app.features.subscriptions import service
from app.features.subscriptions.models import Subscription


def make(customer: Customer) -> Subscription:
    """The plan Starter, ordered and not yet set up, with its invoice."""
    product, price, _code = catalogue.make()
    return service.start(customer=customer, product=product, price=price, first_invoice=billing.make(customer))
