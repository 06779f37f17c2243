"""How the house runs: waiting mail of this brand; the operator also sees workers and schedules."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.features.messages.slots import Mailbag
from app.kernel import clock, db, schedule, words
from app.kernel.heartbeat import SECONDS, Heartbeat
from app.kernel.schedule import ScheduledJob

SILENT_AFTER = timedelta(seconds=SECONDS * 4)
LATE_AFTER = timedelta(minutes=2)
SHOWN_WORKERS = 4

_EVERY = {
    "* * * * *": "every minute", "*/5 * * * *": "every 5 minutes", "*/10 * * * *": "every 10 minutes",
    "*/15 * * * *": "every 15 minutes", "*/30 * * * *": "every 30 minutes", "0 * * * *": "every hour",
}  # fmt: skip


@dataclass(frozen=True)
class ScheduleRow:
    """One scheduled piece of work as the table shows it."""

    name: str
    every: str
    last: str
    last_iso: str
    last_exact: str
    tone: str
    outcome: str
    took: str
    next: str
    next_iso: str
    next_exact: str
    is_fine: bool


@dataclass(frozen=True)
class Health:
    """What the page says about running: rows as tuples in the order of the columns."""

    queues: list[tuple[str, str, str, str, str, str]]
    workers: list[tuple[str, str, str, str, str, str]] | None = None
    """None for a brand that is not the operator's: workers are no concern of its staff."""
    is_silent: bool = False
    """Whether no worker has been heard lately."""
    schedules: list[ScheduleRow] = field(default_factory=list)
    schedule_words: str = ""

    @property
    def late(self) -> list[ScheduleRow]:
        """Schedules that failed or did not run when they should have."""
        return [row for row in self.schedules if not row.is_fine]


def look(mail: Mailbag, *, zone: str, is_operator: bool, mail_href: str) -> Health:
    """Read how the house runs. Two queries for the operator, none for others."""
    queues = [_mail_row(mail, mail_href)]
    if not is_operator:
        return Health(queues)
    beats = _beats()
    rows = [_schedule_row(job, zone) for job in schedule.listed()]
    heard = [beat for beat in beats if beat.seen_at > clock.now() - SILENT_AFTER]
    shown = heard or beats[:1]
    return Health(
        queues,
        workers=[_worker_row(beat, zone, is_alone=len(shown) == 1) for beat in shown[:SHOWN_WORKERS]],
        is_silent=not heard,
        schedules=rows,
        schedule_words=_schedule_words(rows),
    )


def _mail_row(mail: Mailbag, href: str) -> tuple[str, str, str, str, str, str]:
    tone, state = _mail_state(mail)
    return "Mail", href, f"{mail.waiting:,}", _age(mail.oldest), tone, state


def _mail_state(mail: Mailbag) -> tuple[str, str]:
    if mail.is_stuck:
        return "bad", "Stuck"
    if mail.waiting:
        return "good", "Moving"
    return "", "Idle"


def _age(since: datetime | None) -> str:
    if since is None:
        return "–"
    seconds = max(0, int((clock.now() - since).total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 5400 else f"{seconds // 3600} h"


def _beats() -> list[Heartbeat]:
    """The workers heard last, the latest first."""
    latest = sa.select(Heartbeat).where(Heartbeat.kind == "worker").order_by(Heartbeat.seen_at.desc())
    return list(db.session().scalars(latest.limit(SHOWN_WORKERS)))


def _worker_row(beat: Heartbeat, zone: str, *, is_alone: bool) -> tuple[str, str, str, str, str, str]:
    is_heard = beat.seen_at > clock.now() - SILENT_AFTER
    name = "Worker" if is_alone else f"Worker {beat.pid}"
    tone, state = ("good", "Running") if is_heard else ("bad", "Silent")
    return name, tone, state, beat.seen_at.isoformat(), words.ago(beat.seen_at, zone), words.exact(beat.seen_at, zone)


def _schedule_row(job: ScheduledJob, zone: str) -> ScheduleRow:
    is_late = job.next_run_at < clock.now() - LATE_AFTER
    tone, outcome = _outcome(job, is_late=is_late)
    last = job.last_run_at
    return ScheduleRow(
        name=_title(job.name),
        every=_EVERY.get(job.cron, f"{job.cron} {job.zone}"),
        last=words.ago(last, zone) if last else "",
        last_iso=last.isoformat() if last else "",
        last_exact=words.exact(last, zone) if last else "",
        tone=tone,
        outcome=outcome,
        took=_took(job.last_duration_ms),
        next="now" if is_late else words.ago(job.next_run_at, zone),
        next_iso="" if is_late else job.next_run_at.isoformat(),
        next_exact=words.exact(job.next_run_at, zone),
        is_fine=tone not in {"bad", "warn"},
    )


def _outcome(job: ScheduledJob, *, is_late: bool) -> tuple[str, str]:
    if job.last_outcome == "failed":
        return "bad", "Failed"
    if is_late:
        return "warn", "Late"
    if job.last_run_at is None:
        return "", "Not run yet"
    return "good", "Done" if not job.last_missed else f"Done, made up for {job.last_missed:,} missed"


def _title(name: str) -> str:
    """`sessions.remove-expired` as `Sessions: remove expired`."""
    room, dot, rest = name.partition(".")
    said = f"{room}: {rest}" if dot else room
    return said.replace("-", " ").replace("_", " ").capitalize()


def _took(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _schedule_words(rows: Iterable[ScheduleRow]) -> str:
    listed = list(rows)
    bad = sum(not row.is_fine for row in listed)
    return f"{bad} of {len(listed)} not as they should be" if bad else f"all {len(listed)} on time"
