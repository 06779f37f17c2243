"""Signing in with e-mail and password, and what holds back those who guess.

Three counters. Failures from one network (IPv6 by /64). Attempts at one
account, whoever makes them: exact under parallel tries. And, so that a flood
of strangers never locks the person out, attempts from networks where this
account is known are counted by themselves; besides, a password link by mail
always lets its person in.
"""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.audit import keys
from app.features.audit import service as audit
from app.features.sessions import service
from app.features.sessions.models import UserSession
from app.kernel import aftermath, crypto, db, limits, metrics, tenancy
from app.kernel.errors import Invalid, TooMany
from app.kernel.visitor import Visitor

PER_ACCOUNT = "10/15 minutes"
PER_NETWORK = "30/15 minutes"
"""Failures. A right password is not counted."""
ALERT_FROM = 5
"""From this failure in a row on, the audit log says `error` instead of `warning`."""


class SignInFailed(Invalid):
    """Unknown address, wrong password, wrong door, disabled: all said alike."""

    code = "sign_in_failed"
    text = "E-mail and password do not match. Try again or reset it."


@dataclass(frozen=True)
class _Candidate:
    """What is needed of the person behind an address, before anything is believed."""

    user_id: UUID
    password_hash: str | None
    can_enter: bool


def sign_in(email: str, password: str, *, where: Visitor, user_agent: str, is_staff: bool) -> tuple[UserSession, str]:
    """Begin a login, or refuse. Whoever the address belongs to, the same work is done.

    The password is checked before the transaction begins. Staff sign in at
    their own door (`is_staff`), a customer's people at theirs.

    Raises:
        SignInFailed: for whatever reason.
        TooMany: too many tries for this address or from this network.
    """
    key = accounts.limiter_key(email)
    tries = _count_attempt(key, where)
    candidate = _candidate(key, is_staff=is_staff)
    stored = candidate.password_hash if candidate is not None and candidate.can_enter else None
    is_sound = accounts.can_be_password(password)
    if not crypto.password_matches(stored if is_sound else None, password if is_sound else ""):
        _fail(candidate, where, tries)
        raise SignInFailed(fields={"password": SignInFailed.text})
    assert candidate is not None
    user = accounts.find_user(candidate.user_id)
    if user is None or user.disabled_at is not None:
        raise SignInFailed(fields={"password": SignInFailed.text})
    limits.reset(PER_ACCOUNT, "sign-in", key)
    metrics.SIGN_INS.labels("done").inc()
    return service.start(user, ip=where.address, user_agent=user_agent)


def _count_attempt(key: str, where: Visitor) -> int:
    """How many tries this is, refused beyond the limit. No header tells a stranger where the counters stand."""
    try:
        limits.check(PER_NETWORK, "sign-in-from", where.network)
        return _count_for_account(key, where)
    except TooMany:
        metrics.SIGN_INS.labels("throttled").inc()
        raise
    finally:
        limits.forget_tightest()


def _count_for_account(key: str, where: Visitor) -> int:
    try:
        standing = limits.hit(PER_ACCOUNT, "sign-in", key)
    except TooMany:
        if not _is_known(key, where):
            raise
        standing = limits.hit(PER_ACCOUNT, "sign-in-known", key, where.network)
    return standing.limit - standing.remaining


def _is_known(key: str, where: Visitor) -> bool:
    """Whether the account was signed in from this address before, as far as its logins are still there."""
    with db.transaction(write=False) as session:
        here = sa.select(UserSession.id).join(User, User.id == UserSession.user_id)
        here = here.where(User.email_key == key, UserSession.ip == where.address)
        here = here.where(UserSession.impersonator_session_id.is_(None)).limit(1)
        return session.execute(here).first() is not None


def _candidate(key: str, *, is_staff: bool) -> _Candidate | None:
    with db.transaction(write=False) as session:
        found = session.read(_PERSON, {"tenant_id": tenancy.current(), "email_key": key, "is_staff": is_staff})
    if not found:
        return None
    (row,) = found
    return _Candidate(row.id, row.password_hash, row.disabled_at is None and row.status in {None, "active"})


_users, _customers = (model.metadata.tables[model.__tablename__] for model in (User, Customer))
_PERSON = tenancy.named(
    sa.select(_users.c.id, _users.c.password_hash, _users.c.disabled_at, _customers.c.status)
    .outerjoin(
        _customers, sa.and_(_customers.c.tenant_id == _users.c.tenant_id, _customers.c.id == _users.c.customer_id)
    )
    .where(
        _users.c.tenant_id == sa.bindparam("tenant_id"),
        _users.c.email_key == sa.bindparam("email_key"),
        _users.c.staff_role.is_not(None) == sa.bindparam("is_staff", type_=sa.Boolean()),
    ),
    "each table is bound to the tenant that is set",
)
"""Asked at every try, so made once, in Core."""


def _fail(candidate: _Candidate | None, where: Visitor, tries: int) -> None:
    """Count and log the failure."""
    metrics.SIGN_INS.labels("failed").inc()
    with suppress(TooMany):  # the next try is refused by the check
        limits.hit(PER_NETWORK, "sign-in-from", where.network)
    limits.forget_tightest()
    user_id = candidate.user_id if candidate is not None else None
    aftermath.later(lambda: _log_failure(user_id, tries))


def _log_failure(user_id: UUID | None, tries: int) -> None:
    """From where it was goes with the person: sealed with their key, or with the tenant's where nobody is known. Either
    is looked up in the store, so that both cost the same."""
    whose = user_id or tenancy.current()
    keys.look_up(whose)
    audit.record(
        "USER_LOGIN_FAILED",
        resource_type="user",
        resource_id=user_id,
        severity="error" if tries >= ALERT_FROM else "warning",
        after={"tries": tries},
        person_id=whose,
    )
