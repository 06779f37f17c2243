"""Making, showing, recognising and revoking keys."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.config import current as settings
from app.features.accounts.models import User
from app.features.api_keys.activity import note_use
from app.features.api_keys.events import ApiKeyCreated, ApiKeyRevoked
from app.features.api_keys.models import COLLECTED, KINDS, SCOPES, ApiKey
from app.features.audit import service as audit
from app.kernel import clock, crypto, db, tenancy
from app.kernel.access import Principal, Role, actor
from app.kernel.errors import Invalid, NotFound
from app.kernel.events import publish
from app.kernel.paging import Page, page

__all__ = [
    "ADMINS_OWN", "LONGEST_DAYS", "adopt", "count", "create", "find", "list_keys", "note_use", "resolve", "revoke",
    "scopes_in_force",
]  # fmt: skip

LONGEST_DAYS = 3650
"""The longest life of a key that expires at all."""

ADMINS_OWN = frozenset({"admin", "webhook"})
"""Scopes that read the whole business: worth only what the member of staff who answers for the key may."""

_SHOWN = 4
_SECRET = re.compile(r"(?:mk|mpanel)_[A-Za-z0-9_-]{43}")
_DEFAULT_SCOPES = {"marketing": ("marketing",), "api": ()}


def create(
    name: str,
    *,
    scopes: Collection[str] | None = None,
    expires_in_days: int | None = None,
    kind: str = "marketing",
    payments: str = "",
) -> tuple[ApiKey, str]:
    """Make a key for a program. The second of the pair is the key: it is never seen again.

    Its hourly limit is `API_KEY_RATE_LIMIT`. With `payments="collected"` what it
    sells is paid: only for who takes the money before it posts a sale.

    Raises:
        Invalid: no name, an unknown scope, a life that is too short or too long, or `payments` of another kind.
    """
    if payments not in {"", COLLECTED}:
        raise Invalid.field("payments", f"This is {COLLECTED}, or left out.")
    chosen = _checked_scopes(_DEFAULT_SCOPES[kind] if scopes is None else scopes)
    secret = KINDS[kind] + crypto.new_token(32)
    key = ApiKey(
        kind=kind,
        name=_checked_name(name),
        prefix=secret[: len(KINDS[kind]) + _SHOWN],
        key_hash=crypto.digest(secret),
        scopes=chosen,
        hourly_limit=settings().api_key_rate_limit,
        payments=payments,
        expires_at=clock.now() + _life(expires_in_days) if expires_in_days is not None else None,
        created_by=actor().user_id,
    )
    db.session().add(key)
    db.session().flush()
    publish(ApiKeyCreated(key.id, key.name, key.prefix, key.scopes))
    return key, secret


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid.field("name", "A key needs a name of 1 to 100 plain characters.")
    return name


def _checked_scopes(scopes: Collection[str]) -> list[str]:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Invalid.field("scopes", f"Choose at least one of {', '.join(SCOPES)}.")
    return [scope for scope in SCOPES if scope in scopes]


def _life(days: int) -> timedelta:
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid.field("expiresIn", f"A key lasts 1 to {LONGEST_DAYS} days.")
    return timedelta(days=days)


def resolve(secret: str) -> Principal | None:
    """Who shows this key, in whatever tenant; None when it opens nothing.

    One look-up by hash through a unique index: a key that is nearly right takes
    as long as one that is not. Nothing is kept in memory, so that a revoked key
    stops at once.
    """
    if not _SECRET.fullmatch(secret):
        return None
    with tenancy.across_tenants("key"), db.reading() as session:
        rows = session.read(_KEY, {"key_hash": crypto.digest(secret), "now": clock.now()})
    if not rows:
        return None
    row = rows[0]
    return Principal(
        tenant_id=row.tenant_id,
        key_id=row.id,
        name=row.name,
        scopes=_in_force(row.scopes, row.payments, row.created_by, row.staff_role, row.disabled_at),
        hourly_limit=row.hourly_limit,
        collects_payments=row.payments == COLLECTED,
    )


_KEY = tenancy.named(
    sa.select(
        ApiKey.id, ApiKey.tenant_id, ApiKey.name, ApiKey.scopes, ApiKey.hourly_limit, ApiKey.payments,
        ApiKey.created_by, User.staff_role, User.disabled_at,
    )
    .outerjoin(User, sa.and_(User.tenant_id == ApiKey.tenant_id, User.id == ApiKey.created_by))
    .where(
        ApiKey.key_hash == sa.bindparam("key_hash"),
        ApiKey.revoked_at.is_(None),
        sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > sa.bindparam("now")),
    ),
    "a key is looked for in every tenant, by its hash alone",
)  # fmt: skip
"""Asked on every call with a key, so made once."""


def _in_force(
    scopes: Collection[str],
    payments: str,
    answers: UUID | None,
    staff_role: int | None,
    disabled_at: datetime | None,
) -> frozenset[str]:
    """What is left of `scopes`. A key that says what was paid is as good as money: nothing is left of it."""
    is_backed = answers is None or (staff_role is not None and staff_role >= Role.ADMIN and disabled_at is None)
    if is_backed:
        return frozenset(scopes)
    return frozenset() if payments == COLLECTED else frozenset(scopes) - ADMINS_OWN


def scopes_in_force(key: ApiKey) -> frozenset[str]:
    """What the key may now: without an ADMIN who answers for it, not what is theirs alone."""
    behind = sa.select(User.staff_role, User.disabled_at).where(User.id == key.created_by)
    staff_role, disabled_at = db.session().execute(behind).one_or_none() or (None, None)
    return _in_force(key.scopes, key.payments, key.created_by, staff_role, disabled_at)


def adopt(key: ApiKey) -> None:
    """Answer for a key that somebody else has made: it may all that its scopes say again."""
    key.created_by = actor().user_id
    audit.record("API_KEY_ADOPTED", resource_type="api_key", resource_id=key.id)


def list_keys(
    *, text: str = "", state: str = "", cursor: str | None = None, limit: int = 50
) -> Page[tuple[ApiKey, str | None]]:
    """The tenant's keys, newest first, each with the name of who made it.

    `text` is looked for in names and prefixes; `state` is `working`, `ended` or empty.
    """
    maker = sa.func.trim(User.first_name + " " + User.last_name)
    statement = sa.select(ApiKey, maker).outerjoin(
        User, sa.and_(User.tenant_id == ApiKey.tenant_id, User.id == ApiKey.created_by)
    )
    return page(statement.where(*_matching(text, state)), ApiKey, cursor=cursor, limit=limit)


def count(*, text: str = "", state: str = "") -> int:
    """How many keys `list_keys` would list."""
    return db.session().scalar(sa.select(sa.func.count(ApiKey.id)).where(*_matching(text, state))) or 0


def _matching(text: str, state: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if text:
        found.append(sa.or_(ApiKey.name.icontains(text, autoescape=True), ApiKey.prefix == text))
    ended = sa.or_(ApiKey.revoked_at.is_not(None), ApiKey.expires_at <= clock.now())
    if state == "ended":
        found.append(ended)
    elif state == "working":
        found += [ApiKey.revoked_at.is_(None), sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > clock.now())]
    return found


def find(principal: Principal, key_id: UUID) -> ApiKey:
    """A key of the asking member of staff's own tenant.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    key = db.session().scalar(sa.select(ApiKey).where(ApiKey.id == key_id)) if principal.is_staff else None
    if key is None:
        raise NotFound()
    return key


def revoke(key: ApiKey) -> None:
    """Let the key open nothing any more, from the commit on. Doing so twice is no harm."""
    revoked = db.session().execute(
        sa.update(ApiKey)
        .where(ApiKey.id == key.id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    db.session().refresh(key)
    if revoked.rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        publish(ApiKeyRevoked(key.id, key.name, key.prefix))
