"""One copy on its way and one wish, made through the service."""

from app.features.accounts.models import Customer
from app.features.privacy import service
from app.features.privacy.models import CUSTOMER, DataCopy, Erasure
from app.kernel.access import Principal


def make(who: Principal, customer: Customer) -> tuple[DataCopy, Erasure]:
    """Somebody of the customer wants all of its data, and then to be forgotten."""
    return service.ask_copy(who, CUSTOMER, customer.id), service.ask_erasure(who, customer)
