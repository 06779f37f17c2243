"""A customer that was merged into another one, made through the service."""

from app.features.accounts import merged
from app.features.accounts import specimen as accounts
from app.features.accounts.models import Customer
from app.features.accounts.specimen import Account
from app.features.billing import specimen as billing
from app.features.merging import service
from app.kernel import db


def make(kept: Customer, tag: str = "specimen") -> Customer:
    """Somebody who had two accounts, with an invoice that waits for money at the one that went."""
    goes, _owner, _link = accounts.make(tag)
    billing.make(goes)
    db.session().flush()
    service.merge(goes, kept)
    return goes


def of_account(account: Account, tag: str) -> None:
    """One that went into the account."""
    number = len(merged.ids_of(account.customer.id)) - 1
    make(account.customer, f"{tag}-before-{number}-{account.customer.id.hex[-6:]}")
