"""Somebody else's logins, as those who look after people see them. Staff in a person's place are no login of theirs."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.audit import service as audit
from app.features.sessions.models import UserSession
from app.features.sessions.service import CUSTOMER_IDLE, STAFF_IDLE, end_where
from app.kernel import clock, db


def _standing(*, is_staff: bool) -> tuple[Any, ...]:
    now = clock.now()
    return (
        UserSession.ended_at.is_(None),
        UserSession.expires_at > now,
        UserSession.last_active_at > now - (STAFF_IDLE if is_staff else CUSTOMER_IDLE),
        UserSession.impersonator_session_id.is_(None),
    )


def counts(user_ids: Collection[UUID], *, is_staff: bool) -> dict[UUID, int]:
    """On how many devices each of these people is signed in; nobody who is on none. One query, none for nobody."""
    if not user_ids:
        return {}
    counted = sa.select(UserSession.user_id, sa.func.count(UserSession.id)).where(
        UserSession.user_id.in_(user_ids), *_standing(is_staff=is_staff)
    )
    found = db.session().execute(counted.group_by(UserSession.user_id))
    return {row.user_id: row[1] for row in found}


def logins_of(user: User, limit: int = 20) -> Sequence[UserSession]:
    """The devices somebody is signed in on, the most recently used first."""
    mine = sa.select(UserSession).where(UserSession.user_id == user.id, *_standing(is_staff=user.is_staff))
    return db.session().scalars(mine.order_by(UserSession.last_active_at.desc(), UserSession.id).limit(limit)).all()


def is_looked_at(customer_ids: Collection[UUID]) -> bool:
    """Whether somebody of the staff sees the portal as one of these customers' people now. One query."""
    running = sa.select(UserSession.id).join(User, User.id == UserSession.user_id)
    running = running.where(
        User.customer_id.in_(customer_ids),
        UserSession.impersonator_session_id.is_not(None),
        UserSession.ended_at.is_(None),
        UserSession.expires_at > clock.now(),
    )
    return db.session().execute(running.limit(1)).first() is not None


def end_all(user: User) -> int:
    """Sign somebody out everywhere; returns on how many devices."""
    count = end_where("ended by others", UserSession.user_id == user.id)
    if count:
        audit.record("SESSIONS_ENDED", resource_type="user", resource_id=user.id, after={"count": count})
    return count
