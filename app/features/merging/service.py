"""Merging two customers: what it would do, what stands in the way, and doing it."""

from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged as aliases
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.billing import credits
from app.features.billing import slots as billing
from app.features.merging import moving
from app.features.merging.events import CustomerMerged
from app.features.merging.moving import Part
from app.features.people.models import Invitation
from app.features.privacy import service as privacy
from app.features.sessions import oversight
from app.kernel import clock, db
from app.kernel.access import Principal
from app.kernel.errors import Conflict
from app.kernel.events import publish
from app.kernel.money import Money


class Same(Conflict):
    """It is one customer: 409."""

    code, text = "same_customer", "This is the same customer. Choose another one."


class Closed(Conflict):
    """One of them is closed or erased: 409."""

    code, text = "closed", "One of them is closed."


class BeingErased(Conflict):
    """One of them asked to be forgotten: 409."""

    code, text = "erasure_open", "One of them asked to be erased. Decide that first."


class LookedAt(Conflict):
    """Staff see the portal as one of their people: 409."""

    code = "impersonated"
    text = "Somebody of the staff sees the portal as one of their people. Wait until that has ended."


class OtherCurrency(Conflict):
    """Money that is open cannot follow into another currency: 409."""

    code, text = "other_currency", "They are kept in different currencies."


@dataclass(frozen=True)
class Preview:
    """What merging `goes` into `kept` would do."""

    goes: Customer
    kept: Customer
    parts: list[Part]
    people: list[User]
    """Those of the one that goes; each keeps their login and their role."""
    invitations: list[tuple[Invitation, bool]]
    """Those that are open to the one that goes, and whether each lets somebody into `kept` or is withdrawn."""
    credit: Money
    obstacles: list[Conflict] = field(default_factory=list)
    """What has to be settled first; nothing is done while there is any."""


def find(who: Principal, customer_id: UUID, kept_id: UUID) -> tuple[Customer, Customer]:
    """The two, for staff.

    Raises:
        NotFound: one of them is not there.
        Merged: one of them was merged already.
    """
    return accounts.find_customer(who, customer_id), accounts.find_customer(who, kept_id)


def preview(goes: Customer, kept: Customer) -> Preview:
    """What would happen. Some twenty queries of counts; nothing is written."""
    people = list(accounts.people_of(goes.id))
    invitations = moving.invitations_of(goes.id, kept.id)
    credit = Money(goes.credit_minor, goes.currency)
    return Preview(goes, kept, moving.parts_of(goes.id), people, invitations, credit, obstacles(goes, kept))


def obstacles(goes: Customer, kept: Customer) -> list[Conflict]:
    """What stands in the way."""
    if goes.id == kept.id:
        return [Same()]
    found: list[Conflict] = [_closed(one) for one in (goes, kept) if not one.is_active]
    if any(privacy.open_erasure(one.id) for one in (goes, kept)):
        found.append(BeingErased())
    if oversight.is_looked_at((goes.id, kept.id)):
        found.append(LookedAt())
    return found + _of_money(goes, kept)


def _closed(customer: Customer) -> Closed:
    if customer.erased_at is not None:
        return Closed(f"{customer.title} was erased.", code="erased")
    return Closed(f"{customer.title} is closed. Open the account again first.")


def _of_money(goes: Customer, kept: Customer) -> list[Conflict]:
    if goes.currency == kept.currency:
        return []
    is_open = [one.total.plain for one in billing.owed_by(goes.id)]
    has = Money(goes.credit_minor, goes.currency)
    what = [f"{amount} to be paid" for amount in is_open] + ([f"{has.plain} in credit"] if has.minor else [])
    if not what:
        return []
    text = f"{goes.title} is kept in {goes.currency} and has {' and '.join(what)}; {kept.title} is kept in "
    return [OtherCurrency(f"{text}{kept.currency}. Settle that first.")]


def merge(goes: Customer, kept: Customer) -> Customer:
    """Make `goes` part of `kept`, for good; `kept`, as it is then.

    Of two that are merged into each other at the same moment one is, and the
    other is refused: both are locked in the order of their ids.

    Raises:
        Same, Closed, BeingErased, LookedAt, OtherCurrency: something stands in the way.
        Merged: one of them was merged meanwhile.
    """
    _lock(goes, kept)
    for obstacle in obstacles(goes, kept):
        raise obstacle
    credits.move(goes.id, kept.id, Money(goes.credit_minor, goes.currency), memo=f"Merged into {kept.id}")
    moving.move(goes.id, kept.id)
    now = clock.now()
    goes.status, goes.closed_at, goes.merged_at = "closed", now, now
    db.session().flush()
    aliases.keep_words(kept)
    publish(CustomerMerged(kept.id, kept.title, goes.id, goes.title))
    return kept


def _lock(goes: Customer, kept: Customer) -> None:
    both = sa.select(Customer).where(Customer.id.in_((goes.id, kept.id))).order_by(Customer.id)
    for one in db.session().scalars(both.with_for_update().execution_options(populate_existing=True)):
        if one.merged_at is not None:
            raise aliases.refusal_of(one)
