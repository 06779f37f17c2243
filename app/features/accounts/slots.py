"""What accounts add to pages that show many rooms."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.kernel import db, searching
from app.kernel.access import Role
from app.kernel.slots import Hit


def names_of(user_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called. One query, none for nobody."""
    if not user_ids:
        return {}
    people = db.session().scalars(sa.select(User).where(User.id.in_(user_ids)))
    return {person.id: person.name for person in people}


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Customers, their people, and from ADMIN up colleagues, by the beginnings of words in names and addresses.

    Six queries at most.
    """
    if role < Role.VIEWER:
        return []
    found = searching.records(("customer", "user"), text)
    colleagues = _colleagues(found["user"], limit) if role >= Role.ADMIN else []
    return [*_customers(found["customer"], limit), *_people(found["user"], limit), *colleagues]


def _customers(found: Sequence[UUID], limit: int) -> list[Hit]:
    if not found:
        return []
    wanted = sa.select(Customer).where(Customer.id.in_(found), Customer.merged_at.is_(None))
    wanted = wanted.order_by(Customer.created_at.desc(), Customer.id.desc())
    return [
        Hit("Customers", one.title, one.email if one.is_active else f"{one.email} · Closed", _href(one.id), "users")
        for one in db.session().scalars(wanted.limit(limit))
    ]


def _people(found: Sequence[UUID], limit: int) -> list[Hit]:
    """Those who sign in for a customer."""
    if not found:
        return []
    wanted = sa.select(User, Customer).join(Customer, Customer.id == User.customer_id).where(User.id.in_(found))
    return [
        Hit("People", person.name, f"{person.email} · {customer.title}", _href(customer.id), "user-circle")
        for person, customer in db.session().execute(wanted.order_by(User.created_at.desc()).limit(limit))
    ]


def _colleagues(found: Sequence[UUID], limit: int) -> list[Hit]:
    if not found:
        return []
    wanted = sa.select(User).where(User.id.in_(found), User.staff_role.is_not(None), User.removed_at.is_(None))
    return [
        Hit(
            "Staff",
            person.name,
            f"{person.email} · {person.role.name.capitalize()}",
            f"/admin/staff/{person.id}",
            "users",
        )
        for person in db.session().scalars(wanted.order_by(User.created_at.desc()).limit(limit))
    ]


def _href(customer_id: UUID) -> str:
    return f"/admin/customers/{customer_id}"
