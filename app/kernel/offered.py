"""What a filter offers: the values that stand in a column, as of at most a minute ago."""

import threading
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, db, tenancy

REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 2000
MOST_OFFERED = 100

_remembered: dict[tuple[UUID, str], tuple[float, list[str]]] = {}
_lock = threading.Lock()


def values(column: Any) -> list[str]:
    """Each value of the tenant's in `column` once, in order. It wants an index (tenant_id, column)."""
    key, now = (tenancy.current(), str(column)), clock.now().timestamp()
    known = _remembered.get(key)
    if known is not None and 0 <= now - known[0] < REMEMBERED_SECONDS:
        return known[1]
    found = _read(column)
    with _lock:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = (now, found)
    return found


def forget() -> None:
    """Ask the store again from now on."""
    with _lock:
        _remembered.clear()


def _read(column: Any) -> list[str]:
    """The index is asked for the next value only, not for every row."""
    first = sa.select(sa.func.min(column).label("value")).where(column > "")
    steps = first.cte("steps", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > steps.c.value).scalar_subquery()
    steps = steps.union_all(sa.select(following).where(steps.c.value.is_not(None)))
    found = db.session().scalars(sa.select(steps.c.value).where(steps.c.value.is_not(None)).limit(MOST_OFFERED))
    return list(found)
