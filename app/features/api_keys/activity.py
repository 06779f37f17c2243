"""Every request to `/api/...`: one row each, written a moment later, so that no answer waits for it.

Who asked from where is encrypted with the person's key, as in the audit log. While the store takes nothing, requests
are answered all the same and held in memory; what had to be let go meanwhile is counted, and said in the audit log as
soon as the store is back.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.api_keys.models import ApiActivity, ApiKey
from app.features.audit import keys, personals
from app.features.audit import service as audit
from app.features.audit.personals import Personal
from app.features.tenants.models import Tenant
from app.kernel import buffer, clock, crypto, db, tenancy
from app.kernel.ids import new_id
from app.kernel.paging import Page, page

_KIND = "api_activity"
AT_ONCE = 2_000
"""Rows that retention removes with one statement."""


@dataclass(frozen=True)
class Use:
    """One request."""

    id: UUID
    created_at: datetime
    tenant_id: UUID
    api_key_id: UUID | None
    user_id: UUID | None
    method: str
    route: str
    status: int
    milliseconds: int
    request_id: str
    address: str
    user_agent: str

    @property
    def person_id(self) -> UUID:
        """With whose key it is encrypted from where it came."""
        return self.user_id or self.api_key_id or self.tenant_id


@dataclass
class Gap:
    """Requests of a tenant that were answered, but are not in the log."""

    count: int
    first: datetime
    last: datetime


_gaps: dict[UUID, Gap] = {}
_lock = threading.Lock()


def note_use(
    *,
    tenant_id: UUID,
    key_id: UUID | None = None,
    user_id: UUID | None = None,
    method: str,
    route: str,
    status: int,
    milliseconds: float,
    address: str,
    user_agent: str,
    request_id: str = "",
) -> None:
    """Keep that somebody asked, whatever the answer. Never fails, never waits for the database."""
    use = Use(
        id=new_id(),
        created_at=clock.now(),
        tenant_id=tenant_id,
        api_key_id=key_id,
        user_id=user_id,
        method=method[:10],
        route=route[:300],
        status=status,
        milliseconds=round(milliseconds),
        request_id=request_id[:64],
        address=address[:45],
        user_agent=user_agent.replace("\0", "")[:512],
    )
    buffer.add(_KIND, use)


@buffer.when_lost(_KIND)
def note_lost(uses: Sequence[Use]) -> None:
    """Count what the buffer could not hold any longer."""
    with _lock:
        for use in uses:
            gap = _gaps.setdefault(use.tenant_id, Gap(0, use.created_at, use.created_at))
            gap.count += 1
            gap.first, gap.last = min(gap.first, use.created_at), max(gap.last, use.created_at)


@buffer.sink(_KIND)
def write(uses: Sequence[Use]) -> None:
    """Write what was gathered: all or nothing, in one transaction over all tenants.

    Requests to a tenant that is gone meanwhile are left out; of a key that is gone, the rest stays.
    """
    last: dict[UUID, datetime] = {}
    for use in uses:
        if use.api_key_id is not None:
            last[use.api_key_id] = max(use.created_at, last.get(use.api_key_id, use.created_at))
    gaps, is_written = _taken_gaps(), False
    try:
        _write(uses, last, gaps)
        is_written = True
    finally:
        if not is_written:
            _put_back(gaps)


def _write(uses: Sequence[Use], last: dict[UUID, datetime], gaps: dict[UUID, Gap]) -> None:
    with tenancy.across_tenants("buffer"), db.transaction() as session:
        known = set(session.scalars(sa.select(ApiKey.id).where(ApiKey.id.in_(last)))) if last else set()
        asked = {use.tenant_id for use in uses} | set(gaps)
        for tenant_id in sorted(session.scalars(sa.select(Tenant.id).where(Tenant.id.in_(asked)))):
            with tenancy.as_tenant(tenant_id):
                _write_of_tenant([use for use in uses if use.tenant_id == tenant_id], known, gaps.get(tenant_id))
        for key_id, moment in sorted(last.items()):
            session.execute(
                sa.update(ApiKey)
                .where(ApiKey.id == key_id, sa.or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < moment))
                .values(last_used_at=moment)
                .execution_options(synchronize_session=False)
            )


def _write_of_tenant(uses: Sequence[Use], known: set[UUID], gap: Gap | None) -> None:
    held = keys.for_people(sorted({use.person_id for use in uses}))
    rows = [_row(use, held[use.person_id], known) for use in uses]
    if rows:
        db.session().execute(sa.insert(ApiActivity), rows)
    if gap is not None:
        audit.record(
            "API_LOG_GAP", resource_type="api_activity", resource_id=None, severity="error",
            after={"count": gap.count, "from": gap.first.isoformat(), "to": gap.last.isoformat()},
        )  # fmt: skip


def _row(use: Use, key: keys.Held, known: set[UUID]) -> dict[str, Any]:
    where = json.dumps({"ip": use.address, "user_agent": use.user_agent}).encode()
    return {
        "id": use.id,
        "created_at": use.created_at,
        "tenant_id": use.tenant_id,
        "api_key_id": use.api_key_id if use.api_key_id in known else None,
        "user_id": use.user_id,
        "method": use.method,
        "route": use.route,
        "status": use.status,
        "milliseconds": use.milliseconds,
        "request_id": use.request_id,
        "personal": crypto.encrypt(key.secret, where, use.id.bytes) if key.secret is not None else None,
        "personal_key_id": key.row_id,
    }


def _taken_gaps() -> dict[UUID, Gap]:
    with _lock:
        taken = dict(_gaps)
        _gaps.clear()
        return taken


def _put_back(taken: dict[UUID, Gap]) -> None:
    """They could not be said yet."""
    with _lock:
        for tenant_id, gap in taken.items():
            later = _gaps.get(tenant_id)
            if later is not None:
                gap = Gap(gap.count + later.count, min(gap.first, later.first), max(gap.last, later.last))
            _gaps[tenant_id] = gap


@dataclass(frozen=True)
class Day:
    """What one key did in the last 24 hours."""

    calls: int
    refused: int
    """Those answered with 400 or more."""


def last_day(key: ApiKey) -> Day:
    """The last 24 hours of `key`, in one query."""
    refused = sa.func.count(ApiActivity.id).filter(ApiActivity.status >= 400)
    counted = sa.select(sa.func.count(ApiActivity.id), refused).where(
        ApiActivity.api_key_id == key.id, ApiActivity.created_at >= clock.now() - timedelta(days=1)
    )
    calls, no = db.session().execute(counted).one()
    return Day(calls, no)


def list_calls(key: ApiKey, *, cursor: str | None = None, limit: int = 25) -> Page[ApiActivity]:
    """The calls with `key`, newest first."""
    return page(sa.select(ApiActivity).where(ApiActivity.api_key_id == key.id), ApiActivity, cursor=cursor, limit=limit)


def origins(calls: Sequence[ApiActivity]) -> dict[UUID, Personal | None]:
    """From where each came: `ip` and `user_agent`; None where the person was erased. One query."""
    return personals.read(calls)


def remove_old() -> int:
    """Remove what each tenant keeps no longer, some thousand rows at a time; returns how many rows."""
    with tenancy.across_tenants("schedule"), db.transaction(write=False) as session:
        tenants = session.execute(sa.select(Tenant.id, Tenant.api_log_kept_days)).all()
    removed = 0
    for tenant_id, days in tenants:
        while (count := _remove_some(tenant_id, clock.now() - timedelta(days=days))) > 0:
            removed += count
    return removed


def _remove_some(tenant_id: UUID, before: datetime) -> int:
    row = ApiActivity
    old = sa.select(row.id).where(row.tenant_id == tenant_id, row.created_at < before)
    some = old.order_by(row.created_at, row.id).limit(AT_ONCE)
    with tenancy.as_tenant(tenant_id), db.transaction() as session:
        ids = session.scalars(some).all()
        if ids:
            session.execute(sa.delete(row).where(row.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
