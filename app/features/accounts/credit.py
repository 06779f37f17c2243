"""What a customer has in credit: added to and taken from by one statement each, never below zero.

That of a customer that was merged into another one is the other one's, also of whoever asks at the same moment.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.util import identity_key

from app.features.accounts import merged
from app.features.accounts.models import Customer
from app.kernel import db, tenancy
from app.kernel.errors import Conflict
from app.kernel.money import Money


class NotEnoughCredit(Conflict):
    """Less is left than is asked for: 409."""

    code, text = "not_enough_credit", "There is not enough credit left for that."


class OtherCurrency(Conflict):
    """An account keeps credit in its own currency alone: 409."""

    code, text = "other_currency", "This account keeps credit in another currency."


def add(customer_id: UUID, amount: Money) -> None:
    """Let the customer have `amount` more.

    Raises:
        OtherCurrency: the account is kept in another currency.
    """
    if not _change(customer_id, amount.currency, amount.minor):
        raise OtherCurrency()


def take(customer_id: UUID, amount: Money) -> None:
    """Let the customer have `amount` less. However many ask at once, it never falls below zero.

    Raises:
        NotEnoughCredit: less is left, or it is in another currency.
    """
    if not _change(customer_id, amount.currency, -amount.minor):
        raise NotEnoughCredit()


def take_up_to(customer_id: UUID, most: Money) -> Money:
    """Take what is there, at most `most`; how much that was."""
    found = db.session().scalar(
        sa.select(Customer.credit_minor)
        .where(Customer.id == merged.kept_of(customer_id), Customer.currency == most.currency)
        .with_for_update(key_share=True)
    )
    taken = Money(min(found or 0, most.minor), most.currency)
    if taken.minor > 0:
        take(customer_id, taken)
    return taken


def left(customer_id: UUID, currency: str) -> Money:
    """What the customer has in `currency`."""
    kept_id = merged.kept_of(customer_id)
    found = sa.select(Customer.credit_minor).where(Customer.id == kept_id, Customer.currency == currency)
    return Money(db.session().scalar(found) or 0, currency)


def of(customer_id: UUID) -> Money:
    """What the customer has, in the account's own currency."""
    [(minor, currency)] = db.session().read(_CREDIT, {"tenant": tenancy.current(), "customer": customer_id})
    return Money(minor, currency)


_CREDIT = tenancy.named(
    sa.select(Customer.credit_minor, Customer.currency).where(
        Customer.tenant_id == sa.bindparam("tenant"), Customer.id == sa.bindparam("customer")
    ),
    "bound to the tenant that is set",
)
"""Made once: a customer's pages all ask it."""


def _change(customer_id: UUID, currency: str, minor: int) -> bool:
    """Whether it could be. A merging that ends while this waits for the row is followed."""
    kept_id = merged.kept_of(customer_id)
    return _changed(kept_id, currency, minor) or (
        kept_id != merged.kept_of(kept_id) and _change(kept_id, currency, minor)
    )


def _changed(customer_id: UUID, currency: str, minor: int) -> bool:
    can_be = (Customer.currency == currency, Customer.credit_minor + minor >= 0)
    changed = db.session().execute(
        sa.update(Customer)
        .where(Customer.id == customer_id, Customer.merged_at.is_(None), *can_be)
        .values(credit_minor=Customer.credit_minor + minor)
        .returning(Customer.id)
        .execution_options(synchronize_session=False)
    )
    is_done = changed.first() is not None
    known = db.session().identity_map.get(identity_key(Customer, customer_id))
    if known is not None:
        db.session().refresh(known)
    return is_done
