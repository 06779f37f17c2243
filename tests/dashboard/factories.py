"""What the pages of the dashboard are filled with."""

from datetime import timedelta

from app.features.accounts.models import User
from app.features.dashboard import service
from app.features.orders.service import Placed
from app.kernel import clock, db
from app.kernel.heartbeat import Heartbeat
from app.kernel.schedule import ScheduledJob
from tests.messages.factories import make_message
from tests.orders.factories import make_order


def make_heartbeat(kind: str = "worker", *, seconds_ago: int = 3) -> Heartbeat:
    """A process that said so many seconds ago that it is alive."""
    seen_at = clock.now() - timedelta(seconds=seconds_ago)
    beat = Heartbeat(kind=kind, host="panel", pid=4711, started_at=seen_at, seen_at=seen_at)
    db.session().add(beat)
    db.session().flush()
    return beat


def make_schedule(name: str = "sessions.remove-expired", **columns: object) -> ScheduledJob:
    """A piece of scheduled work that ran as it should, but for `columns`."""
    ran = clock.now() - timedelta(minutes=5)
    given = {
        "cron": "*/15 * * * *",
        "zone": "UTC",
        "next_run_at": clock.now() + timedelta(minutes=10),
        "last_run_at": ran,
        "last_outcome": "done",
        "last_duration_ms": 40,
    }
    row = ScheduledJob(name=name, **{**given, **columns})
    db.session().add(row)
    db.session().flush()
    return row


def make_figure(name: str, amount: int, currency: str = "") -> None:
    """Something that counts today, not folded yet."""
    service.keep(name, amount, currency)
    db.session().flush()


def make_busy(user: User, *, times: int = 3) -> Placed:
    """Orders, invoices, services and mails of `user`'s account; the last order. Needs the fixture `plans`."""
    for _ in range(times):
        placed = make_order(user, plan="shared-business")
        make_message(user)
    return placed
