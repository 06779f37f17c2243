"""The people who may do everything in a house: its staff's OWNERs."""

from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.kernel import db
from app.kernel.access import Role
from app.kernel.errors import NotFound

_OWNERS = (
    sa.select(User)
    .where(User.staff_role == int(Role.OWNER), User.removed_at.is_(None))
    .order_by(User.created_at, User.id)
)


def listed() -> list[User]:
    """The owners of the tenant that is set, the first one first; at most 50."""
    return list(db.session().scalars(_OWNERS.limit(50)))


def find(user_id: UUID) -> User:
    """One owner who may sign in.

    Raises:
        NotFound: nobody with that id is one.
    """
    wanted = _OWNERS.where(User.id == user_id, User.disabled_at.is_(None))
    found = db.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound()
    return found
