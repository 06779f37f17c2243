"""Staff see the portal as one of a customer's people: begun, ended, refused, all of it logged.

It is a login of its own that names the staff's. While it runs nobody holds the
staff's own token: the browser has the person's, and gets a fresh one of the
staff's when it ends. It ends with the staff's login, their role, the person's
access, or after an hour.
"""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged
from app.features.accounts.models import User
from app.features.audit import service as audit
from app.features.sessions import service
from app.features.sessions.devices import describe
from app.features.sessions.models import UserSession
from app.kernel import aftermath, clock, crypto, csrf, db, tenancy
from app.kernel.access import Principal
from app.kernel.errors import Conflict, NotFound

LASTS = timedelta(minutes=60)


class NobodyEnters(Conflict):
    """This person cannot sign in either."""

    code, text = "access_ended", "This person's access has ended, so there is nothing to see."


def start(staff: Principal, user_id: UUID, *, user_agent: str) -> tuple[UserSession, str]:
    """Let a member of staff (ADMIN, which the route asks for) see the portal as `user_id`; the browser's new token.

    The staff's own login stands, but its present token dies. No address is
    kept in the new row: the person sees it among their devices.

    Raises:
        NotFound: there is no such person among the customers' people.
        NobodyEnters: the person may not sign in.
        Merged: their account was merged into another one this moment.
    """
    own = _locked(staff.session_id)
    person = db.session().scalars(sa.select(User).where(User.id == user_id)).one_or_none()
    if own is None or person is None or person.customer_id is None:
        raise NotFound()
    customer = merged.hold(person.customer_id)
    if person.disabled_at is not None or not customer.is_active:
        raise NobodyEnters()
    now, token, device = clock.now(), crypto.new_token(), describe(user_agent)
    row = UserSession(
        user_id=person.id,
        impersonator_session_id=own.id,
        token_hash=crypto.digest(token),
        csrf_secret=csrf.new_secret(),
        device_type=device.type,
        browser=device.browser,
        os=device.os,
        last_active_at=now,
        expires_at=min(now + LASTS, own.expires_at),
    )
    db.session().add(row)
    _renew(own)
    db.session().flush()
    audit.record(
        "IMPERSONATION_STARTED",
        resource_type="user",
        resource_id=person.id,
        after={"staff_id": str(staff.user_id), "customer_id": str(customer.id)},
    )
    return row, token


def end(who: Principal) -> str:
    """Stop seeing the portal as somebody; the fresh token of the staff's own login.

    Raises:
        NotFound: `who` is themselves.
    """
    present = _locked(who.session_id)
    own = _locked(present.impersonator_session_id) if present is not None else None
    if own is None:
        raise NotFound()
    service.end_where("stopped", UserSession.id == who.session_id)
    return _renew(own)


def _locked(session_id: UUID | None) -> UserSession | None:
    wanted = sa.select(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None))
    return db.session().scalars(wanted.with_for_update()).one_or_none()


def _renew(login: UserSession) -> str:
    """Give the login a new token and a new secret for its forms; whoever has the old ones is a stranger."""
    token = crypto.new_token()
    login.token_hash, login.csrf_secret = crypto.digest(token), csrf.new_secret()
    login.last_active_at = clock.now()
    return token


def note_refusal(route: str, method: str) -> None:
    """Log that staff tried what is the person's own to do, although the request is refused."""
    tried = {"route": route, "method": method}
    aftermath.later(lambda: audit.record("ACCESS_REFUSED", resource_type="route", resource_id=None, after=tried))


def end_what_is_over(at: datetime) -> int:
    """End what has run out, or whose staff may not look any more, so that the log says when; returns how many.

    The door refuses these logins already.
    """
    query = sa.select(
        UserSession.tenant_id, UserSession.id, UserSession.impersonator_session_id, UserSession.expires_at
    )
    query = query.where(UserSession.impersonator_session_id.is_not(None), UserSession.ended_at.is_(None))
    with tenancy.across_tenants("schedule"), db.transaction(write=False) as session:
        found = session.execute(query).all()
    count = 0
    for tenant_id, session_id, staff_session_id, expires_at in found:
        with tenancy.as_tenant(tenant_id), db.transaction():
            if expires_at <= at:
                count += service.end_where("ran out", UserSession.id == session_id)
            elif service.staff_behind(staff_session_id) is None:
                count += service.end_where("the staff's own login ended", UserSession.id == session_id)
    return count
