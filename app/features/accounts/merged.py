"""Customers that were merged into another one, and whose things are whose since then.

What can move has moved (`merging.moving`). What never changes (`tenant_key(..., stays=True)`: invoices, payments, the
ledger, uses of promo codes) still bears the id of the customer that it was made for: whoever looks for a customer's
things among those asks here.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer, CustomerAlias
from app.kernel import db, tenancy, terms
from app.kernel.columns import Id
from app.kernel.errors import Conflict, NotFound


class Merged(Conflict):
    """It is another customer's alias, and nothing can be done with it any more: 409."""

    code, text = "merged", "This customer was merged into another one."
    heading = "One customer now"


def whose(column: Any, customer_id: UUID | sa.BindParameter[UUID]) -> sa.ColumnElement[bool]:
    """That a row is this customer's, whichever of those it was made for that were merged into it."""
    own = sa.select(Customer.id).where(Customer.id == customer_id)
    aliases = sa.select(CustomerAlias.merged_id).where(CustomerAlias.kept_id == customer_id)
    found: sa.ColumnElement[bool] = column.in_(sa.union_all(own, aliases))
    return found


def ids_of(customer_id: UUID) -> tuple[UUID, ...]:
    """The ids that the customer's things may bear, its own first. One query."""
    found = db.session().read(_ALIASES, {"tenant": tenancy.current(), "customer": customer_id})
    return customer_id, *(row[0] for row in found)


_ALIASES = tenancy.named(
    sa.select(CustomerAlias.merged_id)
    .where(
        CustomerAlias.tenant_id == sa.bindparam("tenant", type_=Id()),
        CustomerAlias.kept_id == sa.bindparam("customer", type_=Id()),
    )
    .order_by(CustomerAlias.merged_id),
    "bound to the tenant that is set",
)


def kept_of(customer_id: UUID) -> UUID:
    """The customer whose things those of this one are: itself, unless it was merged. One query."""
    kept = sa.select(CustomerAlias.kept_id).where(CustomerAlias.merged_id == customer_id)
    return db.session().scalar(kept) or customer_id


def is_of(customer_id: UUID | None, made_for: UUID) -> bool:
    """Whether what was made for `made_for` is this customer's. A query only where they differ."""
    return customer_id is not None and (customer_id == made_for or customer_id == kept_of(made_for))


def whole(customer_id: UUID) -> Sequence[Customer]:
    """The customer, then those that were merged into it, the last first; nothing if there is none. One query."""
    wanted = sa.select(Customer).where(whose(Customer.id, customer_id))
    ordered = wanted.order_by(Customer.id != customer_id, Customer.merged_at.desc(), Customer.id)
    return db.session().scalars(ordered).all()


def hold(customer_id: UUID) -> Customer:
    """Let nobody merge the customer until the transaction ends; as it is now. One query.

    Whoever writes something of a customer that moves when it is merged asks this first, before any other lock.

    Raises:
        NotFound: there is none.
        Merged: somebody has.
    """
    wanted = sa.select(Customer).where(Customer.id == customer_id).with_for_update(read=True, key_share=True)
    found = db.session().scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound()
    if found.merged_at is not None:
        raise refusal_of(found)
    return found


def wait_for(customer_id: UUID) -> None:
    """Let a merging of the customer end first, and none begin until the transaction ends. One query.

    For whoever changes a thing of a customer, whichever customer's it is by then. A merging locks the customer first
    and its things after; without this, the two could wait for each other, and PostgreSQL would end one.
    """
    wanted = sa.select(Customer.id).where(Customer.id == customer_id).with_for_update(read=True, key_share=True)
    db.session().execute(wanted)


def refusal_of(customer: Customer) -> Merged:
    """That it was merged, and into which."""
    kept = db.session().get_one(Customer, kept_of(customer.id))
    return Merged(f"{customer.title} was merged into {kept.title} ({kept.id}).")


def keep_words(customer: Customer) -> None:
    """Bring the words that it is found by in step with its texts; it is found by those of its aliases too, and they,
    for the sake of their invoices, by its own."""
    aliases = whole(customer.id)[1:]
    terms.keep("customer", customer.id, [*customer.texts, *(text for alias in aliases for text in alias.texts)])
    for alias in aliases:
        terms.keep("customer", alias.id, [*alias.texts, *customer.texts])
