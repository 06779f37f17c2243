"""How often somebody may do something, counted outside every transaction.

Windows are fixed and begin with the first hit; a refused hit does not prolong
them, so waiting `Retry-After` seconds always works. Counters are in Redis where
there is one, else in a small SQLite file or an UNLOGGED PostgreSQL table: exact
under parallel bursts and over all processes. When Redis is away the SQL store
counts, from nought; when that fails too, each process for itself. Each tenant
has counters of its own: nothing done at one's door opens or shuts another's.
"""

import hashlib
import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from app.kernel import clock, db, logs, metrics, tenancy
from app.kernel.counters import Counters, MemoryCounters, PostgresCounters, RedisCounters, SqliteCounters
from app.kernel.errors import TooMany
from app.kernel.late import hollow

with hollow("limits.aio"):
    from limits import RateLimitItem, parse

FILE = "limits.db"
BREAKER_SECONDS = 5.0
"""How long a store that failed is left alone."""

T = TypeVar("T")

_log = logs.get("limits")


@dataclass(frozen=True)
class Standing:
    """Where a counter stands: what the `RateLimit-*` headers say."""

    limit: int
    remaining: int
    reset_seconds: int
    """Whole seconds until the window ends, rounded up."""
    window_seconds: int
    """Length of the window in seconds."""


class _State:
    stores: list[Counters] = []
    shut_until: dict[int, float] = {}


_tightest: ContextVar[Standing | None] = ContextVar("limit_standing", default=None)


def configure(data: Path, redis_url: str | None) -> None:
    """Say where to count; after `db.configure`."""
    sql = PostgresCounters() if db.is_postgresql() else SqliteCounters(data / FILE)
    _State.stores = [RedisCounters(redis_url)] if redis_url else []
    _State.stores += [sql, MemoryCounters()]
    _State.shut_until = {}


def use(*stores: Counters) -> None:
    """Count in these and nowhere else: the first that answers. For checks on a database that is thrown away."""
    _State.stores, _State.shut_until = list(stores), {}


def hit(rule: str, *parts: str) -> Standing:
    """Count one use under `rule` (such as `10/minute` or `5/15 minutes`) for what `parts` name.

    Raises:
        TooMany: over the limit; `retry_after` says how many seconds to wait.
    """
    item = _parsed(rule)
    key, window = _key(item, parts), item.get_expiry()
    hits, end = _ask(lambda store: store.take(key, window, 1))
    standing = _standing(item, hits, end)
    _remember(standing)
    if hits > item.amount:
        metrics.LIMITED.labels(rule).inc()
        raise TooMany(retry_after=standing.reset_seconds)
    return standing


def peek(rule: str, *parts: str) -> Standing:
    """Where the counter stands, without counting."""
    item = _parsed(rule)
    key = _key(item, parts)
    hits, end = _ask(lambda store: store.look(key))
    return _standing(item, hits, end)


def check(rule: str, *parts: str) -> None:
    """Refuse when the limit is used up, without counting: for limits on failures, which `hit` counts later.

    Raises:
        TooMany: nothing is left.
    """
    standing = peek(rule, *parts)
    if standing.remaining <= 0:
        _remember(standing)
        raise TooMany(retry_after=standing.reset_seconds)


def reset(rule: str, *parts: str) -> None:
    """Forget what was counted."""
    key = _key(_parsed(rule), parts)
    for store in _State.stores:
        _try(store, lambda found: found.clear(key))


def forget_tightest() -> None:
    """At the beginning of a request: nothing was counted yet."""
    _tightest.set(None)


def tightest() -> Standing | None:
    """Of the limits counted in this request, the one nearest to its end."""
    return _tightest.get()


def sweep() -> None:
    """Delete windows that are over; hourly is enough."""
    for store in _State.stores:
        if isinstance(store, SqliteCounters | PostgresCounters):
            store.sweep()


@lru_cache(maxsize=512)
def _parsed(rule: str) -> RateLimitItem:
    return parse(rule)


def _key(item: RateLimitItem, parts: tuple[str, ...]) -> str:
    """Short and without personal data: addresses and e-mails are hashed."""
    whose = str(tenancy.current()) if tenancy.is_set() else ""
    named = "\0".join((whose, *parts))
    return item.key_for(hashlib.sha256(named.encode()).hexdigest()[:32])


def _standing(item: RateLimitItem, hits: int, end: float) -> Standing:
    window = item.get_expiry()
    left = math.ceil(end - clock.now().timestamp()) if hits else window
    return Standing(item.amount, max(0, item.amount - hits), max(1, left), window)


def _remember(standing: Standing) -> None:
    known = _tightest.get()
    if known is None or standing.remaining / standing.limit < known.remaining / known.limit:
        _tightest.set(standing)


def _ask(question: Callable[[Counters], T]) -> T:
    *others, memory = _State.stores
    for store in others:
        answer = _try(store, question)
        if answer is not None:
            return answer
    return question(memory)  # it cannot be away, and a request is never refused because counters are


def _try(store: Counters, question: Callable[[Counters], T]) -> T | None:
    if time.monotonic() < _State.shut_until.get(id(store), 0):
        return None
    try:
        return question(store)
    except Exception as problem:
        _State.shut_until[id(store)] = time.monotonic() + BREAKER_SECONDS
        _log.warning("counters are away", store=type(store).__name__, error=type(problem).__name__)
        return None
