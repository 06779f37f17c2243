"""What a customer pays with on the invoice's own page: account credit, and the gateways that charge at once.

A charge takes exactly what is open and what the customer agreed to, so that a
second click, a second tab or another person of the account takes nothing.
"""

import contextlib
from dataclasses import dataclass
from uuid import UUID

from app.features.accounts import credit
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.billing.service import NothingOpen
from app.features.payments import service
from app.features.payments.models import Payment
from app.features.payments.service import ReferenceUsed
from app.features.tenants import service as tenants
from app.kernel import db
from app.kernel.errors import Conflict, Invalid
from app.kernel.money import Money

CREDIT, SANDBOX, DECLINED = "credit", "sandbox", "sandbox-declined"
METHODS = (CREDIT, SANDBOX, DECLINED)
"""What can be asked for. The sandbox has a card that works and one that does not."""
DECLINE = "Declined by the sandbox"


class PaidAlready(Conflict):
    """Nothing is left to pay: 409."""

    code, text = "paid_already", "This invoice is paid already. Nothing was taken."


@dataclass(frozen=True)
class Agreed:
    """What the customer saw and agreed to."""

    method: str
    uses_credit: bool
    charge_minor: int
    """What the gateway is to take, beyond the credit."""
    attempt: UUID
    """Made with the page: the same page pays once."""


@dataclass(frozen=True)
class Charged:
    """What came of it."""

    taken: list[Payment]
    is_declined: bool = False


def pay(invoice: Invoice, agreed: Agreed) -> Charged:
    """Charge what is open, the account's credit first where the customer wants it used.

    A charge that is declined takes no credit either.

    Raises:
        PaidAlready: nothing is left to pay, or this very page has paid.
        NothingOpen: what is open, or the credit, is not what was agreed to.
        Invalid: the method is not offered here; names `method`.
    """
    _check(agreed)
    invoice = billing.locked(invoice.id)
    if not invoice.is_open:
        raise PaidAlready() if invoice.status == "paid" else billing.NotPayable()
    has = credit.left(invoice.customer_id, invoice.currency)
    of_credit = Money(min(has.minor, invoice.open.minor) if agreed.uses_credit else 0, invoice.currency)
    charge = invoice.open - of_credit
    if charge.minor != agreed.charge_minor:
        raise NothingOpen()
    if agreed.method == DECLINED and charge.minor:
        _decline(invoice, charge, agreed.attempt)
        return Charged([], is_declined=True)
    taken = [(CREDIT, of_credit)]
    if agreed.method != CREDIT:
        taken.append((SANDBOX, charge))
    with db.session().begin_nested():  # all of it or nothing
        return Charged([_take(invoice, gateway, amount, agreed.attempt) for gateway, amount in taken if amount.minor])


def _check(agreed: Agreed) -> None:
    is_offered = tenants.current().sandbox_enabled or agreed.method == CREDIT
    if agreed.method not in METHODS or not is_offered or (agreed.method == CREDIT and not agreed.uses_credit):
        raise Invalid.field("method", "Choose one of the ways to pay that are offered.")


def _take(invoice: Invoice, gateway: str, amount: Money, attempt: UUID) -> Payment:
    try:
        return service.receive(invoice.id, amount, gateway=gateway, reference=_reference(gateway, attempt)).payment
    except ReferenceUsed as used:
        raise PaidAlready() from used


def _decline(invoice: Invoice, amount: Money, attempt: UUID) -> None:
    with contextlib.suppress(ReferenceUsed):  # the same click again: it was declined already
        service.fail(invoice.id, amount, gateway=SANDBOX, reference=_reference(SANDBOX, attempt), reason=DECLINE)


def _reference(gateway: str, attempt: UUID) -> str:
    """Short enough to be read to somebody: the random end of the attempt."""
    return f"{gateway}-{attempt.hex[-12:]}"
