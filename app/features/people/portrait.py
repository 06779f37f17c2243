"""One person, as those who look after people see them."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.features.accounts.histories import Entry, history_of
from app.features.accounts.models import User
from app.features.people import roles
from app.features.people.circles import Circle, last_seen, state_of
from app.features.sessions import oversight
from app.features.tenants import service as tenants
from app.kernel import db, words
from app.kernel.access import Role

ICONS = {"desktop": "device-desktop", "mobile": "device-mobile", "tablet": "device-tablet"}


@dataclass(frozen=True)
class Portrait:
    """All that a person's page shows."""

    user: User
    initials: str
    tone: str
    state: str
    role: str
    role_words: str
    facts: list[tuple[str, str]]
    password: str
    is_self: bool
    is_last_owner: bool
    may_touch: bool
    logins: list[tuple[str, ...]] | None
    """Icon, device, where, when, exactly. None where they are not shown."""
    history: list[Entry] | None


def of(circle: Circle, user: User) -> Portrait:
    """Everything about `user` that whoever asks may see in this circle."""
    zone = tenants.current().time_zone
    tone, state = state_of(user)
    seen, _exactly = last_seen(user, zone)
    by_staff = circle.who.is_staff
    return Portrait(
        user=user,
        initials=words.initials(user.name),
        tone=tone,
        state=state,
        role=roles.label(user.role),
        role_words=roles.words(user.customer_id)[user.role],
        facts=[
            ("E-mail", user.email),
            ("E-mail confirmed", words.day(user.email_verified_at, zone) if user.email_verified_at else "not yet"),
            ("Role", roles.label(user.role)),
            ("Here since", words.day(user.created_at, zone)),
            ("Last signed in", seen),
            *([("Access ended", words.exact(user.disabled_at, zone))] if user.disabled_at else []),
        ],
        password=f"Set {words.day(user.password_set_at, zone)}" if user.password_set_at else "Not set yet",
        is_self=user.id == circle.who.user_id,
        is_last_owner=is_last_owner(user),
        may_touch=circle.may_touch(user.id, user.role),
        logins=_logins(user, zone) if by_staff else None,
        history=history_of({"user": [user.id]}, zone=zone) if by_staff else None,
    )


def _logins(user: User, zone: str) -> list[tuple[str, ...]]:
    return [
        (
            ICONS.get(login.device_type, "world"),
            login.device,
            " · ".join(part for part in (login.place, login.ip) if part),
            words.ago(login.last_active_at, zone),
            words.exact(login.last_active_at, zone),
        )
        for login in oversight.logins_of(user)
    ]


def is_last_owner(user: User) -> bool:
    """Whether nobody else could let people in: said beforehand; that it holds is seen to by the verbs."""
    if user.role != Role.OWNER or user.disabled_at is not None:
        return False
    others = sa.select(User.id).where(User.id != user.id, User.disabled_at.is_(None))
    side: Any = User.staff_role == int(Role.OWNER)
    if user.customer_id is not None:
        side = sa.and_(User.customer_id == user.customer_id, User.customer_role == int(Role.OWNER))
    return db.session().execute(others.where(side).limit(1)).first() is None
