"""One copy on its way and one wish, made through the service."""

from app.features.accounts.models import Customer
from app.features.accounts.specimen import Account, principal_of
from app.features.privacy import service, tasks
from app.features.privacy.models import CUSTOMER, PERSON, DataCopy, Erasure
from app.kernel import db
from app.kernel.access import Principal, Role


def make(who: Principal, customer: Customer) -> tuple[DataCopy, Erasure]:
    """Somebody of the customer wants all of its data, and then to be forgotten."""
    return service.ask_copy(who, CUSTOMER, customer.id), service.ask_erasure(who, customer)


def of_account(account: Account, _tag: str) -> None:
    """The owner wants a copy of it all, which is made, and to be forgotten; a colleague wants their own data.
    Does the worker's part itself."""
    make(principal_of(account.owner), account.customer)
    of_staff(principal_of(account.people[Role.MEMBER]))


def of_staff(who: Principal) -> None:
    """Somebody wants a copy of what is held about themselves. Does the worker's part itself."""
    assert who.user_id is not None
    service.ask_copy(who, PERSON, who.user_id)
    db.session().flush()
    tasks.make_copies()
