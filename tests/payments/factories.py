"""Money, made as tests need it."""

from itertools import count

from app.features.accounts.models import Customer, User
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.billing.service import LineDraft
from app.features.payments import service
from app.features.payments.service import Received
from app.kernel import db
from app.kernel.money import Money
from tests.orders.factories import customer_of

_numbers = count(1)


def make_invoice(user: User, minor: int = 3992, *, currency: str = "USD") -> Invoice:
    """An issued invoice that waits for money."""
    return billing.issue(customer=customer_of(user), lines=[LineDraft("Starter, 1 year", minor)], currency=currency)


def make_payment(
    invoice: Invoice, minor: int | None = None, *, gateway: str = "bank", reference: str | None = None
) -> Received:
    """Money for `invoice`: all that is open on it unless said otherwise."""
    amount = invoice.open if minor is None else Money(minor, invoice.currency)
    return service.receive(invoice.id, amount, gateway=gateway, reference=reference or f"ZX-{next(_numbers)}")


def credit_of(user: User) -> int:
    """What the account of `user` has, in minor units."""
    customer = db.session().get_one(Customer, user.customer_id)
    return customer.credit_minor
