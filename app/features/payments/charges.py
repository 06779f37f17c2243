"""What a customer pays one invoice or several with: account credit, and the gateways that charge at once.

A charge takes exactly what is open and what the customer agreed to, so that a
second click, a second tab or another person of the account takes nothing.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.features.accounts import credit
from app.features.accounts.merged import kept_of
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


def pay(invoices: Sequence[Invoice], agreed: Agreed) -> Charged:
    """Charge what is open on them in all, the account's credit first where the customer wants it used.

    All of them are paid or none: a charge that is declined takes no credit either.

    Raises:
        PaidAlready: nothing is left to pay, or this very page has paid.
        NothingOpen: what is open, or the credit, is not what was agreed to.
        Invalid: the method is not offered here, or they are in several currencies; names the field.
    """
    _check(agreed)
    invoices = billing.lock_all([invoice.id for invoice in invoices])
    _check_open(invoices)
    currency = invoices[0].currency
    due = Money(sum(invoice.open.minor for invoice in invoices), currency)
    has = credit.left(invoices[0].customer_id, currency)
    of_credit = Money(min(has.minor, due.minor) if agreed.uses_credit else 0, currency)
    charge = due - of_credit
    if charge.minor != agreed.charge_minor:
        raise NothingOpen()
    parts = _parts(sorted(invoices, key=_urgency), of_credit)
    if agreed.method == DECLINED and charge.minor:
        for part in parts:
            if part.gateway == SANDBOX:
                _decline(part, agreed.attempt)
        return Charged([], is_declined=True)
    wanted = [part for part in parts if part.gateway == CREDIT or agreed.method != CREDIT]
    with db.session().begin_nested():  # all of it or nothing
        return Charged([_take(part, agreed.attempt) for part in wanted])


def _check_open(invoices: Sequence[Invoice]) -> None:
    if all(invoice.status == "paid" for invoice in invoices):
        raise PaidAlready()
    if not all(invoice.is_open for invoice in invoices):
        raise billing.NotPayable() if len(invoices) == 1 else NothingOpen()
    whose = {kept_of(customer_id) for customer_id in {invoice.customer_id for invoice in invoices}}
    if len(whose) > 1 or len({invoice.currency for invoice in invoices}) > 1:
        raise Invalid.field("invoice", "Only invoices in one currency can be paid together.")


def _urgency(invoice: Invoice) -> tuple[datetime, UUID]:
    assert invoice.due_at is not None
    return invoice.due_at, invoice.id


@dataclass(frozen=True)
class _Part:
    """What one invoice gets, by one way."""

    invoice: Invoice
    gateway: str
    amount: Money
    nth: int
    """From 1 among several invoices; 0 where there is one."""


def _parts(invoices: Sequence[Invoice], of_credit: Money) -> list[_Part]:
    """The credit goes to the most urgent first; the gateway takes the rest."""
    parts, left = [], of_credit.minor
    for place, invoice in enumerate(invoices, start=1):
        used = min(left, invoice.open.minor)
        left -= used
        nth = place if len(invoices) > 1 else 0
        for gateway, minor in ((CREDIT, used), (SANDBOX, invoice.open.minor - used)):
            if minor:
                parts.append(_Part(invoice, gateway, Money(minor, invoice.currency), nth))
    return parts


def _check(agreed: Agreed) -> None:
    is_offered = tenants.current().sandbox_enabled or agreed.method == CREDIT
    if agreed.method not in METHODS or not is_offered or (agreed.method == CREDIT and not agreed.uses_credit):
        raise Invalid.field("method", "Choose one of the ways to pay that are offered.")


def _take(part: _Part, attempt: UUID) -> Payment:
    reference = _reference(part, attempt)
    try:
        return service.receive(part.invoice.id, part.amount, gateway=part.gateway, reference=reference).payment
    except ReferenceUsed as used:
        raise PaidAlready() from used


def _decline(part: _Part, attempt: UUID) -> None:
    reference = _reference(part, attempt)
    with contextlib.suppress(ReferenceUsed):  # the same click again: it was declined already
        service.fail(part.invoice.id, part.amount, gateway=SANDBOX, reference=reference, reason=DECLINE)


def _reference(part: _Part, attempt: UUID) -> str:
    """Short enough to be read to somebody: the random end of the attempt, and which of several it is.

    What one click takes bears one reference up to that number.
    """
    return f"{part.gateway}-{attempt.hex[-12:]}{f'-{part.nth}' if part.nth else ''}"
