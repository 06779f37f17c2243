"""One issued invoice, made through the service."""

from app.features.accounts.models import Customer
from app.features.accounts.specimen import Account
from app.features.billing import service
from app.features.billing.models import Invoice
from app.features.billing.service import LineDraft


def make(customer: Customer) -> Invoice:
    """An invoice over USD 4.99 that waits for money."""
    return service.issue(customer=customer, lines=[LineDraft("Starter, 1 month", 499)], currency="USD")


def of_account(account: Account, tag: str) -> None:
    """An invoice that waits for money, and one over a service that has a name."""
    make(account.customer)
    service.issue(customer=account.customer, lines=[LineDraft(f"Work for {tag}", 23_917)], currency="USD")
