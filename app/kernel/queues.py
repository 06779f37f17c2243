"""The queue that carries rings: Huey on a small SQLite file, or on Redis."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from app.kernel import sqlite
from app.kernel.late import absent

FILE = "queue.db"
CONNECT_TIMEOUT = 0.05
"""Seconds that Redis may take to accept a connection."""


def make_huey(
    data: Path, redis_url: str | None, *, timeout: float, answer: Callable[[str, float], None]
) -> tuple[Any, Any]:
    """A Huey and its one task, `answer(name, rung_at)`. `timeout` (seconds) is what each word with Redis may take."""
    # Huey imports what it could store in where it can find it: redis is 27 MB for nothing, psycopg 10.
    with absent("cysqlite", "psycopg", *() if redis_url else ("redis",)):
        import huey as library
    from huey.registry import Message
    from huey.serializer import Serializer

    class Plain(Serializer):  # type: ignore[misc]
        """JSON: whoever can write to the queue can ring, but not run code."""

        def _serialize(self, data: Any) -> bytes:
            return json.dumps([data.id, data.name, list(data.args)]).encode()

        def _deserialize(self, data: bytes) -> Any:
            task_id, name, args = json.loads(bytes(data))
            return Message(task_id, name, None, 0, 0, None, tuple(args), {})

    if redis_url is None:
        path = data / FILE
        with closing(sqlite3.connect(path, timeout=sqlite.OPEN_SECONDS)) as first:
            sqlite.turn_to_wal(first)  # Huey gives up where a web process and a worker open a new file at once
        made = library.SqliteHuey("mpanel", filename=str(path), results=False, serializer=Plain(), fsync=False)
        path.chmod(0o600)
    else:
        pool = _redis_pool(redis_url, timeout)
        made = library.PriorityRedisHuey("mpanel", connection_pool=pool, results=False, serializer=Plain())
    return made, made.task(name="ring")(answer)


def _redis_pool(url: str, timeout: float) -> Any:
    from redis import ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return ConnectionPool.from_url(
        url, socket_connect_timeout=CONNECT_TIMEOUT, socket_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )
