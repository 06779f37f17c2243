"""Signing in, being known, signing out.

A login ends by itself 7 days after it began, or after a time without use: 24
hours for staff, 3 days for a customer's people. Requests that a page makes by
itself (htmx) are no use. A tenant's policy will set these (SPEC 1.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, PasswordToken, User
from app.features.audit import service as audit
from app.features.sessions.devices import describe
from app.features.sessions.events import UserLogin
from app.features.sessions.models import UserSession
from app.features.sessions.places import place_of
from app.features.tenants import service as tenants
from app.kernel import access, buffer, clock, crypto, csrf, db, tenancy
from app.kernel.access import Principal, Role
from app.kernel.errors import NotFound
from app.kernel.events import publish

LASTS = timedelta(days=7)
STAFF_IDLE = timedelta(hours=24)
CUSTOMER_IDLE = timedelta(days=3)
SEEN_EVERY = timedelta(seconds=60)
"""How exact `last_active_at` is."""
TOKEN_LENGTH = 43
"""Characters of a token: 32 random bytes."""


@dataclass(frozen=True)
class Staff:
    """A member of staff who sees the portal as somebody."""

    user_id: UUID
    name: str


def cookie_name(is_https: bool) -> str:
    """The name of the cookie that holds the token."""
    return "__Host-mpanel" if is_https else "mpanel"


def start(user: User, *, ip: str, user_agent: str) -> tuple[UserSession, str]:
    """Begin a login for somebody who has shown who they are; returns it and the browser's token."""
    now = clock.now()
    token = crypto.new_token()
    device = describe(user_agent)
    row = UserSession(
        user_id=user.id,
        token_hash=crypto.digest(token),
        csrf_secret=csrf.new_secret(),
        device_type=device.type,
        browser=device.browser,
        os=device.os,
        ip=ip,
        place=place_of(ip),
        last_active_at=now,
        expires_at=now + LASTS,
    )
    user.last_sign_in_at = now
    db.session().add(row)
    db.session().flush()
    who = access.actor()
    if who.user_id is None and who.key_id is None:  # at the door: from now on it is this person
        who = replace(who, user_id=user.id, name=user.name)
    with access.acting(who):
        publish(UserLogin(user.id, row.id, row.device))
    return row, token


def resolve(token: str, *, is_use: bool = True) -> Principal | None:
    """Who holds `token`, if the login still stands. One read; writes nothing.

    With `is_use` the login counts as used now, noted through the buffer. Roles
    are read anew each time: a change or a closed door holds from the next
    request on.
    """
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    known = {"token_hash": crypto.digest(token), "tenant_id": tenancy.current()}
    row = next(iter(db.session().read(_LOGIN, known)), None)
    now = clock.now()
    if row is None or not _stands(row.last_active_at, row.expires_at, now, is_staff=row.staff_role is not None):
        return None
    staff = staff_behind(row.impersonator_session_id)
    if staff is None and row.impersonator_session_id is not None:
        return None
    if is_use and now - row.last_active_at >= SEEN_EVERY:
        buffer.add("logins-seen", (row.tenant_id, row.id, now))
    return Principal(
        tenant_id=row.tenant_id,
        user_id=row.user_id,
        session_id=row.id,
        name=f"{row.first_name} {row.last_name}".strip() or row.email,
        email=row.email,
        staff_role=Role(row.staff_role) if row.staff_role else None,
        customer_id=row.customer_id,
        customer_role=Role(row.customer_role) if row.customer_role else None,
        customer_name=row.company or row.customer_name or "",
        csrf_secret=row.csrf_secret,
        impersonator_id=staff.user_id if staff else None,
        impersonator_name=staff.name if staff else "",
        owes_terms=row.customer_id is not None and staff is None and _owes_terms(row.terms_version, row.created_at),
    )


def _owes_terms(accepted: str, signed_in_at: datetime) -> bool:
    """Whether the terms changed before this sign-in and were not accepted: who is signed in already is left alone."""
    tenant = tenants.current()
    if not tenant.terms_version or accepted == tenant.terms_version:
        return False
    return tenant.terms_published_at is None or signed_in_at >= tenant.terms_published_at


def staff_behind(session_id: UUID | None) -> Staff | None:
    """Who looks through somebody's eyes by this login of theirs, if it still lets them: it stands, they are ADMIN."""
    if session_id is None:
        return None
    known = {"session_id": session_id, "tenant_id": tenancy.current()}
    row = next(iter(db.session().read(_STAFF_LOGIN, known)), None)
    if row is None or not _stands(row.last_active_at, row.expires_at, clock.now(), is_staff=True):
        return None
    return Staff(row.user_id, f"{row.first_name} {row.last_name}".strip() or row.email)


_logins, _users, _customers = (model.metadata.tables[model.__tablename__] for model in (UserSession, User, Customer))
_LOGIN = tenancy.named(
    sa.select(
        _logins.c.id, _logins.c.tenant_id, _logins.c.user_id, _logins.c.csrf_secret, _logins.c.last_active_at,
        _logins.c.expires_at, _logins.c.impersonator_session_id,
        _logins.c.created_at, _users.c.terms_version,
        _users.c.first_name, _users.c.last_name, _users.c.email, _users.c.staff_role,
        _users.c.customer_id, _users.c.customer_role, _customers.c.company, _customers.c.name.label("customer_name"),
    )
    .join(_users, sa.and_(_users.c.tenant_id == _logins.c.tenant_id, _users.c.id == _logins.c.user_id))
    .outerjoin(
        _customers, sa.and_(_customers.c.tenant_id == _users.c.tenant_id, _customers.c.id == _users.c.customer_id)
    )
    .where(
        _logins.c.tenant_id == sa.bindparam("tenant_id"),
        _logins.c.token_hash == sa.bindparam("token_hash"),
        _logins.c.ended_at.is_(None),
        _users.c.disabled_at.is_(None),
        sa.or_(_users.c.customer_id.is_(None), _customers.c.status == "active"),
    ),
    "each table is bound to the tenant that is set",
)  # fmt: skip
"""Asked on every request, so made once, in Core."""
_STAFF_LOGIN = tenancy.named(
    sa.select(
        _logins.c.user_id, _logins.c.last_active_at, _logins.c.expires_at, _users.c.first_name, _users.c.last_name,
        _users.c.email,
    )
    .join(_users, sa.and_(_users.c.tenant_id == _logins.c.tenant_id, _users.c.id == _logins.c.user_id))
    .where(
        _logins.c.tenant_id == sa.bindparam("tenant_id"),
        _logins.c.id == sa.bindparam("session_id"),
        _logins.c.ended_at.is_(None),
        _users.c.disabled_at.is_(None),
        _users.c.staff_role >= int(Role.ADMIN),
    ),
    "each table is bound to the tenant that is set",
)  # fmt: skip
"""Asked on every request of staff who see the portal as somebody."""


def _idle(*, is_staff: bool) -> timedelta:
    return STAFF_IDLE if is_staff else CUSTOMER_IDLE


def _stands(last_active_at: datetime, expires_at: datetime, now: datetime, *, is_staff: bool) -> bool:
    return expires_at > now and last_active_at + _idle(is_staff=is_staff) > now


@buffer.sink("logins-seen")
def _write_seen(items: list[tuple[UUID, UUID, datetime]]) -> None:
    """Write when logins were last used: the latest of each, tenant by tenant."""
    latest: dict[UUID, dict[UUID, datetime]] = {}
    for tenant_id, session_id, seen_at in items:
        seen = latest.setdefault(tenant_id, {})
        seen[session_id] = max(seen_at, seen.get(session_id, seen_at))
    for tenant_id, seen in latest.items():
        with tenancy.as_tenant(tenant_id), db.transaction() as session:
            for session_id, seen_at in seen.items():
                mine = sa.update(UserSession).where(UserSession.id == session_id, UserSession.last_active_at < seen_at)
                session.execute(mine.values(last_active_at=seen_at).execution_options(synchronize_session=False))


def set_password(link: PasswordToken, password_hash: str, *, ip: str, user_agent: str) -> tuple[UserSession, str]:
    """Use a password link up and sign its person in; every other login of theirs ends.

    Raises:
        LinkSpent: the link was used, replaced or has run out.
    """
    user = accounts.set_password(link, password_hash)
    end_where("password", UserSession.user_id == user.id)
    return start(user, ip=ip, user_agent=user_agent)


def list_for(principal: Principal) -> Sequence[UserSession]:
    """The person's logins that stand, the present one first, then the most recently used."""
    present = (UserSession.id == principal.session_id).desc()
    mine = sa.select(UserSession).where(*_standing(principal))
    return db.session().scalars(mine.order_by(present, UserSession.last_active_at.desc(), UserSession.id)).all()


def password_set_at(principal: Principal) -> datetime | None:
    """When the person set the password that works now."""
    return db.session().scalars(sa.select(User.password_set_at).where(User.id == principal.user_id)).one_or_none()


def _standing(principal: Principal) -> tuple[Any, ...]:
    now = clock.now()
    return (
        UserSession.user_id == principal.user_id,
        UserSession.ended_at.is_(None),
        UserSession.expires_at > now,
        UserSession.last_active_at > now - _idle(is_staff=principal.is_staff),
    )


def find(principal: Principal, session_id: UUID) -> UserSession:
    """One of the person's own logins.

    Raises:
        NotFound: absent, over, or somebody else's.
    """
    mine = sa.select(UserSession).where(UserSession.id == session_id, *_standing(principal))
    found = db.session().scalars(mine).one_or_none()
    if found is None:
        raise NotFound()
    return found


def end(login: UserSession) -> None:
    """End one login; its next request is a stranger's."""
    end_where("ended", UserSession.id == login.id)
    audit.record("SESSION_ENDED", resource_type="session", resource_id=login.id, person_id=login.user_id)


def end_others(principal: Principal) -> int:
    """Log out everywhere else; returns how many logins that ended."""
    count = end_where("ended", UserSession.id != principal.session_id, *_standing(principal))
    if count:
        audit.record("SESSIONS_ENDED", resource_type="user", resource_id=principal.user_id, after={"count": count})
    return count


def sign_out(principal: Principal) -> None:
    """End the login that asks; for staff who see the portal as somebody, their own as well."""
    own = sa.select(sa.func.coalesce(UserSession.impersonator_session_id, UserSession.id))
    own = own.where(UserSession.id == principal.session_id)
    if end_where("signed out", UserSession.id == own.scalar_subquery()):
        audit.record("USER_LOGOUT", resource_type="user", resource_id=principal.user_id)


def end_where(reason: str, *conditions: Any) -> int:
    """End the logins that stand and fit, and what staff do in somebody's place by them; returns how many."""
    ending = sa.update(UserSession).where(UserSession.ended_at.is_(None), *conditions)
    ending = ending.values(ended_at=clock.now(), end_reason=reason)
    ended = db.session().execute(
        ending.returning(UserSession.id, UserSession.user_id, UserSession.impersonator_session_id)
    )
    own, rows = [], ended.all()
    for session_id, user_id, staff_session_id in rows:
        if staff_session_id is None:
            own.append(session_id)
        else:
            _note_end(user_id, staff_session_id, reason)
    if own:
        end_where("the staff's own login ended", UserSession.impersonator_session_id.in_(own))
    return len(rows)


def _note_end(user_id: UUID, staff_session_id: UUID, reason: str) -> None:
    staff_id = db.session().scalars(sa.select(UserSession.user_id).where(UserSession.id == staff_session_id)).first()
    audit.record(
        "IMPERSONATION_ENDED", resource_type="user", resource_id=user_id,
        after={"staff_id": str(staff_id), "reason": reason},
    )  # fmt: skip


def remove_expired(before: datetime) -> int:
    """Delete the logins whose time was over at `before`; returns how many."""
    gone = sa.delete(UserSession).where(UserSession.expires_at <= before).returning(UserSession.id)
    return len(db.session().execute(gone.execution_options(synchronize_session=False)).all())
