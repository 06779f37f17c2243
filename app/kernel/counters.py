"""Where rate limits are counted: SQLite, PostgreSQL, Redis, or this process's memory.

Each has a verb more than a storage of the `limits` library: `take` counts and
tells the end of the window in one go.
"""

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from app.kernel import clock, db, sqlite
from app.kernel.late import hollow

with hollow("limits.aio"):  # the same once more for asyncio
    from limits.storage import RedisStorage, Storage

REDIS_TIMEOUT = 0.05
"""Seconds that one word with Redis may take."""

MOST_IN_MEMORY = 50_000
"""Windows held by a process that counts for itself."""

TABLE = sa.Table(
    "limit_counters",
    db.Base.metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("hits", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False, index=True),
    comment="Counters of rate limits on PostgreSQL; with SQLite they are in limits.db",
)
UNLOGGED = "ALTER TABLE limit_counters SET UNLOGGED"
"""For the migration, on PostgreSQL: losing counters in a crash is fine, a WAL record for each hit is not."""

_unlogged = sa.DDL(UNLOGGED)  # type: ignore[no-untyped-call]
sa.event.listen(TABLE, "after_create", _unlogged.execute_if(dialect="postgresql"))

# A window that ends further away than twice its length was opened by a clock that has since been set
# back: it begins anew. The slack keeps two processes, or two machines, from undoing each other's windows.
_STALE = "(limit_counters.expires_at <= NOW OR limit_counters.expires_at > NOW + 2 * WINDOW + 5)"
_STATEMENTS = {
    "take": "INSERT INTO limit_counters (key, hits, expires_at) VALUES (KEY, AMOUNT, NOW + WINDOW) "
    "ON CONFLICT (key) DO UPDATE SET "
    f"hits = CASE WHEN {_STALE} THEN AMOUNT ELSE limit_counters.hits + AMOUNT END, "
    f"expires_at = CASE WHEN {_STALE} THEN NOW + WINDOW ELSE limit_counters.expires_at END "
    "RETURNING hits, expires_at",
    "look": "SELECT hits, expires_at FROM limit_counters WHERE key = KEY AND expires_at > NOW",
    "clear": "DELETE FROM limit_counters WHERE key = KEY",
    "reset": "DELETE FROM limit_counters",
    "sweep": "DELETE FROM limit_counters WHERE expires_at <= NOW",
}


def _spell(**forms: str) -> dict[str, str]:
    spelled = dict(_STATEMENTS)
    for word, form in forms.items():
        spelled = {verb: text.replace(word.upper(), form) for verb, text in spelled.items()}
    return spelled


class Counters(Protocol):
    """What we ask of a store."""

    def take(self, key: str, window: int, amount: int) -> tuple[int, float]:
        """Count `amount` and return the hits of the running window and its end (epoch seconds)."""

    def look(self, key: str) -> tuple[int, float]:
        """The same without counting; (0, 0) where no window runs."""

    def clear(self, key: str) -> None:
        """Forget a window."""


class _SqlCounters(Storage):
    """Common to the SQL stores: one statement counts, opens and closes windows."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return (sqlite3.Error, sa.exc.SQLAlchemyError)

    def run(self, verb: str, **values: Any) -> tuple[int, float] | None:
        """Execute one of the statements, with the present moment as `now`."""
        raise NotImplementedError

    def take(self, key: str, window: int, amount: int) -> tuple[int, float]:
        """Count, in one atomic statement."""
        found = self.run("take", key=key, window=window, amount=amount)
        assert found is not None
        return found

    def look(self, key: str) -> tuple[int, float]:
        """Read without counting."""
        return self.run("look", key=key) or (0, 0.0)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self.take(key, expiry, amount)[0]

    def get(self, key: str) -> int:
        return self.look(key)[0]

    def get_expiry(self, key: str) -> float:
        return self.look(key)[1]

    def check(self) -> bool:
        self.look("check")
        return True

    def reset(self) -> int | None:
        self.run("reset")
        return None

    def clear(self, key: str) -> None:
        self.run("clear", key=key)

    def sweep(self) -> None:
        """Delete windows that are over."""
        self.run("sweep")


class SqliteCounters(_SqlCounters):
    """A file of its own, so that counting never waits for the panel's writer. A crash may lose its last moments."""

    _texts = _spell(key=":key", amount=":amount", window=":window", now=":now")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._local = threading.local()
        self._opening = threading.Lock()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            with self._opening:
                self._prepare(found)
            self._local.connection = found
        return found

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Set up a new connection, and the file where it is new."""
        sqlite.turn_to_wal(connection)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS limit_counters "
            "(key TEXT PRIMARY KEY, hits INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID"
        )
        with contextlib.suppress(OSError):
            self._path.chmod(0o600)

    def run(self, verb: str, **values: Any) -> tuple[int, float] | None:
        """Execute on this thread's own connection."""
        given = {**values, "now": clock.now().timestamp()}
        rows = self._connection().execute(self._texts[verb], given).fetchall()
        return rows[0] if rows else None


class PostgresCounters(_SqlCounters):
    """The UNLOGGED table, on connections of the panel's pool but outside its transactions."""

    _texts = {
        verb: sa.text(text)
        for verb, text in _spell(
            key=":key",
            amount="CAST(:amount AS bigint)",
            window="CAST(:window AS double precision)",
            now="CAST(:now AS double precision)",
        ).items()
    }

    def run(self, verb: str, **values: Any) -> tuple[int, float] | None:
        """Execute in autocommit."""
        text = self._texts[verb]
        given = {**values, "now": clock.now().timestamp()}
        with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text, {name: given[name] for name in text._bindparams})
            found = result.first() if result.returns_rows else None
        return (int(found[0]), float(found[1])) if found is not None else None


class RedisCounters(RedisStorage):
    """The library's Redis store, impatient."""

    STORAGE_SCHEME = None  # type: ignore[assignment]  # not to be found by the library

    def __init__(self, url: str) -> None:
        from redis.backoff import NoBackoff  # loads 27 MB, so only where Redis is configured
        from redis.retry import Retry

        super().__init__(
            url,
            wrap_exceptions=True,
            socket_connect_timeout=REDIS_TIMEOUT,
            socket_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # passed on to redis
        )

    def take(self, key: str, window: int, amount: int) -> tuple[int, float]:
        """Count; the library's script sets the end with the first hit."""
        return self.incr(key, window, amount), self._end(key)

    def look(self, key: str) -> tuple[int, float]:
        """Read without counting."""
        return self.get(key), self._end(key)

    def _end(self, key: str) -> float:
        connection: Any = self.get_connection()
        left = float(connection.pttl(self.prefixed_key(key)))
        return clock.now().timestamp() + max(left, 0.0) / 1000


class MemoryCounters:
    """The last resort: this process alone, and it never fails.

    The library's own store of this kind loses hits and raises when threads meet in it, just when all of them come
    here because the database is away.
    """

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, window: int, amount: int) -> tuple[int, float]:
        """Count."""
        now = clock.now().timestamp()
        with self._lock:
            if len(self._windows) >= MOST_IN_MEMORY:
                self._make_room(now)
            hits, end = self._windows.get(key, (0, 0.0))
            if not now < end <= now + 2 * window + 5:  # over, or opened by a clock that has since been set back
                hits, end = 0, now + window
            self._windows[key] = hits + amount, end
            return self._windows[key]

    def _make_room(self, now: float) -> None:
        """What is over goes, and where that is not enough the older half."""
        running = [(known, found) for known, found in self._windows.items() if found[1] > now]
        self._windows = dict(running if len(running) < MOST_IN_MEMORY else running[MOST_IN_MEMORY // 2 :])

    def look(self, key: str) -> tuple[int, float]:
        """Read without counting."""
        hits, end = self._windows.get(key, (0, 0.0))
        return (hits, end) if end > clock.now().timestamp() else (0, 0.0)

    def clear(self, key: str) -> None:
        """Forget a window."""
        with self._lock:
            self._windows.pop(key, None)

    def reset(self) -> int | None:
        """Forget all of them."""
        with self._lock:
            self._windows.clear()
        return None
