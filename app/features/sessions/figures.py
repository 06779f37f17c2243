"""How many people are signed in."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.sessions.models import UserSession
from app.features.sessions.service import CUSTOMER_IDLE, STAFF_IDLE
from app.kernel import clock, db


def stats() -> dict[str, Any]:
    """How many logins of the tenant stand, by side and device, and how many began within 24 hours."""
    now = clock.now()
    idle = sa.case((User.staff_role.is_not(None), now - STAFF_IDLE), else_=now - CUSTOMER_IDLE)
    own = UserSession.impersonator_session_id.is_(None)
    standing = (own, UserSession.ended_at.is_(None), UserSession.expires_at > now, UserSession.last_active_at > idle)
    recent = sa.func.sum(sa.case((UserSession.created_at > now - timedelta(days=1), 1), else_=0))
    count, people = sa.func.count(), sa.func.count(UserSession.user_id.distinct())
    joined = sa.select(User.staff_role.is_not(None), count, people, recent).join(User, User.id == UserSession.user_id)
    sides = db.session().execute(joined.where(*standing).group_by(User.staff_role.is_not(None))).all()
    types = sa.select(UserSession.device_type, count).join(User, User.id == UserSession.user_id)
    by_type = db.session().execute(types.where(*standing).group_by(UserSession.device_type)).all()
    return {
        "active_sessions": sum(row[1] for row in sides),
        "people": sum(row[2] for row in sides),
        "staff": sum(row[2] for row in sides if row[0]),
        "customers": sum(row[2] for row in sides if not row[0]),
        "signed_in_last_day": sum(int(row[3]) for row in sides),
        "by_device_type": {row[0]: row[1] for row in by_type},
    }
