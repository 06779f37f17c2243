"""Logins as JSON."""

from datetime import datetime
from uuid import UUID

from app.features.sessions.models import UserSession
from app.kernel.access import Principal
from app.kernel.schemas import Answer, camel


class SessionOut(Answer, alias_generator=camel):
    """One login of the person who asks."""

    id: UUID
    device: str
    device_type: str
    browser: str
    os: str
    ip: str
    place: str
    created_at: datetime
    last_active_at: datetime
    expires_at: datetime
    is_current: bool

    @classmethod
    def of(cls, login: UserSession, principal: Principal) -> "SessionOut":
        """`login`, as `principal` sees it."""
        return cls(
            id=login.id,
            device=login.device,
            device_type=login.device_type,
            browser=login.browser,
            os=login.os,
            ip=login.ip,
            place=login.place,
            created_at=login.created_at,
            last_active_at=login.last_active_at,
            expires_at=login.expires_at,
            is_current=login.id == principal.session_id,
        )


class EndedOut(Answer, alias_generator=camel):
    """How many logins ended."""

    ended: int


class StatsOut(Answer, alias_generator=camel):
    """How many people of the tenant are signed in, and on what."""

    active_sessions: int
    people: int
    staff: int
    customers: int
    signed_in_last_day: int
    by_device_type: dict[str, int]
