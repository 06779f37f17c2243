"""How the queue of one tenant does: counted far enough to know, and no further."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.features.messages.models import EmailMessage
from app.kernel import clock, db

COUNTED_AT_MOST = 10_000
"""Figures stop here: nobody needs to know whether it is 10,000 or 200,000, and the page stays fast."""
ALARM_FAILED, ALARM_WAITING = 100, 1_000
STUCK_AFTER = timedelta(minutes=10)
"""Above these somebody is told (SPEC 4)."""

STATES = {"waiting": ("waiting", "leased"), "sent": ("done",), "failed": ("dead",), "kept": ("kept",)}
"""The words of the pages for the outbox's states."""


@dataclass(frozen=True)
class Health:
    """How the queue of one tenant does. Counts end at `COUNTED_AT_MOST`."""

    waiting: int
    oldest: datetime | None
    """Since when the longest waiting one has been wanted."""
    failed: int
    kept: int
    sent_today: int
    """In the last 24 hours."""
    trouble: str
    """What stands in the way of those that wait; empty when nothing does."""

    @property
    def is_stuck(self) -> bool:
        """Whether mail waits and nothing moves."""
        return self.oldest is not None and clock.now() - self.oldest > STUCK_AFTER

    @property
    def alarm(self) -> str:
        """What somebody should look at, in a sentence; empty when all is well."""
        if self.is_stuck:
            return "Mail waits and nothing moves."
        if self.waiting > ALARM_WAITING:
            return f"More than {ALARM_WAITING:,} mails wait."
        if self.failed > ALARM_FAILED:
            return f"More than {ALARM_FAILED} mails failed."
        return ""


def health() -> Health:
    """Figures of the present tenant. One query."""
    row = EmailMessage
    waits = row.state.in_(STATES["waiting"])
    latest_trouble = sa.select(row.last_error).where(waits, row.last_error.is_not(None)).order_by(row.next_at.desc())
    figures: tuple[Any, ...] = (
        _count(waits),
        sa.select(sa.func.min(row.created_at)).where(waits).scalar_subquery(),
        _count(row.state == "dead"),
        _count(row.state == "kept"),
        _count(row.sent_at > clock.now() - timedelta(days=1)),
        sa.func.coalesce(latest_trouble.limit(1).scalar_subquery(), ""),
    )
    return Health(*db.session().execute(sa.select(*figures)).one())


def _count(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    some = sa.select(EmailMessage.id).where(condition).limit(COUNTED_AT_MOST).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
