"""Every process of the installation says now and then that it is alive."""

import os
import socket
import threading
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import clock, db, logs
from app.kernel.db import Record
from app.kernel.ids import new_id

SECONDS = 10.0
"""Between two beats."""

_log = logs.get("heartbeat")


class Heartbeat(Record):
    """A process of the installation that says it is alive."""

    __tablename__ = "heartbeats"

    kind: Mapped[str] = mapped_column(sa.String(16))
    host: Mapped[str] = mapped_column(sa.String(255))
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class Heart:
    """Beats for this process, in a thread of its own."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.id = new_id()
        self._started_at = clock.now()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heart", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and say that this process ended as it should."""
        self._end.set()
        self._thread.join(5.0)
        try:
            leave(self.id)
        except Exception as problem:
            _log.warning("heartbeat not removed", error=type(problem).__name__)

    def _beat_on(self) -> None:
        while True:
            try:
                beat(self.id, self.kind, self._started_at)
            except Exception as problem:
                _log.warning("heartbeat not written", error=type(problem).__name__)
            if self._end.wait(SECONDS):
                return


def beat(heartbeat_id: UUID, kind: str, started_at: datetime) -> None:
    """Say that this process is alive."""
    now = clock.now()
    with db.transaction() as session:
        seen = sa.update(Heartbeat).where(Heartbeat.id == heartbeat_id).values(seen_at=now)
        if _count(seen) == 0:
            row = Heartbeat(kind=kind, host=socket.gethostname()[:255], pid=os.getpid(), started_at=started_at)
            row.id, row.seen_at = heartbeat_id, now
            session.add(row)


def leave(heartbeat_id: UUID) -> None:
    """Say that this process ends as it should."""
    with db.transaction():
        _count(sa.delete(Heartbeat).where(Heartbeat.id == heartbeat_id))


def alive(kind: str, within: timedelta = timedelta(seconds=45)) -> list[Heartbeat]:
    """The processes of a kind that were seen lately. In the open unit of work."""
    fresh = sa.select(Heartbeat).where(Heartbeat.kind == kind, Heartbeat.seen_at > clock.now() - within)
    return list(db.session().scalars(fresh.order_by(Heartbeat.started_at)))


def tidy() -> None:
    """Delete those of the dead. In the open unit of work."""
    _count(sa.delete(Heartbeat).where(Heartbeat.seen_at < clock.now() - timedelta(hours=1)))


def _count(statement: Any) -> int:
    result = db.session().execute(statement.execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", result).rowcount
