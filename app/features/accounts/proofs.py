"""Showing once more who one is, before something that cannot be taken back."""

from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.accounts.passwords import can_be_password
from app.kernel import crypto, db, limits
from app.kernel.errors import Invalid

TRIES = "10/15 minutes"


def check_password(user_id: UUID | None, password: str, *, field: str = "password") -> None:
    """That this is the person's password. Looked at before the transaction begins, and counted.

    Raises:
        Invalid: it is not; names `field`.
        TooMany: too many tries.
    """
    limits.hit(TRIES, "own-password", str(user_id))
    with db.transaction(write=False) as session:
        stored = session.scalars(sa.select(User.password_hash).where(User.id == user_id)).one_or_none()
    is_sound = can_be_password(password)
    if not crypto.password_matches(stored if is_sound else None, password if is_sound else ""):
        raise Invalid.field(field, "That is not your password.")
    limits.reset(TRIES, "own-password", str(user_id))
