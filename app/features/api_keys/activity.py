"""What keys were used for: one row a call, written a moment later, so that no answer waits for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.api_keys.models import ApiActivity, ApiKey
from app.kernel import buffer, clock, db, tenancy
from app.kernel.ids import new_id
from app.kernel.paging import Page, page

_KIND = "api_activity"


@dataclass(frozen=True)
class Use:
    """One call with a key."""

    id: UUID
    created_at: datetime
    tenant_id: UUID
    api_key_id: UUID
    method: str
    route: str
    status: int
    milliseconds: int
    address: str
    user_agent: str


def note_use(
    *,
    key_id: UUID,
    tenant_id: UUID,
    method: str,
    route: str,
    status: int,
    milliseconds: float,
    address: str,
    user_agent: str,
) -> None:
    """Keep that a key was used, whatever the answer. Never fails, never waits for the database."""
    use = Use(
        id=new_id(),
        created_at=clock.now(),
        tenant_id=tenant_id,
        api_key_id=key_id,
        method=method[:10],
        route=route[:300],
        status=status,
        milliseconds=round(milliseconds),
        address=address[:45],
        user_agent=user_agent.replace("\0", "")[:512],
    )
    buffer.add(_KIND, use)


@buffer.sink(_KIND)
def write(uses: Sequence[Use]) -> None:
    """Write what was gathered: all or nothing, in one transaction over all tenants.

    Calls with a key that is gone meanwhile, with its tenant, are left out.
    """
    last: dict[UUID, datetime] = {}
    for use in uses:
        last[use.api_key_id] = max(use.created_at, last.get(use.api_key_id, use.created_at))
    with tenancy.across_tenants("buffer"), db.transaction() as session:
        there = set(session.scalars(sa.select(ApiKey.id).where(ApiKey.id.in_(last))))
        rows = [asdict(use) for use in uses if use.api_key_id in there]
        if not rows:
            return
        session.execute(sa.insert(ApiActivity), rows)
        for key_id, moment in sorted(last.items()):
            session.execute(
                sa.update(ApiKey)
                .where(ApiKey.id == key_id, sa.or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < moment))
                .values(last_used_at=moment)
                .execution_options(synchronize_session=False)
            )


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
