"""How the house runs: waiting work of this brand; the operator also sees workers and schedules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.features.audit import facts as audit
from app.features.messages.slots import Mailbag
from app.features.provisioning.slots import Waiting as Tasks
from app.features.webhooks.slots import WebhookHealth
from app.kernel import clock, db, schedule, words
from app.kernel.access import Role
from app.kernel.heartbeat import SECONDS, Heartbeat
from app.kernel.schedule import ScheduledJob

SILENT_AFTER = timedelta(seconds=SECONDS * 4)
LATE_AFTER = timedelta(minutes=2)
STUCK_DELIVERY = timedelta(days=3)
SHOWN_PROCESSES = 12
SHOWN_SCHEDULES = 6
MESSAGES, TASKS, HOOKS = "/admin/messages", "/admin/provisioning", "/admin/integrations/webhooks"

QueueRow = tuple[str, str, str, str, str, str]
"""Name, address (or nothing), how many wait, since when, tone, state."""


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

    queues: list[QueueRow]
    processes: list[tuple[str, str, str, str, str, str]] | None = None
    """None for a brand that is not the operator's: processes are no concern of its staff."""
    is_silent: bool = False
    """Whether no worker has been heard lately."""
    schedules: list[ScheduleRow] = field(default_factory=list)
    schedule_words: str = ""
    unsealed: timedelta | None = None
    """For how long the audit log waits for its seals, where that is too long."""

    @property
    def late(self) -> list[ScheduleRow]:
        """Schedules that failed or did not run when they should have."""
        return [row for row in self.schedules if not row.is_fine]

    @property
    def first_schedules(self) -> list[ScheduleRow]:
        """Those that the page has room for: what is not as it should be first. The operations page has all."""
        return sorted(self.schedules, key=lambda row: row.is_fine)[:SHOWN_SCHEDULES]


def look(mail: Mailbag, tasks: Tasks, hooks: WebhookHealth, *, zone: str, is_operator: bool, role: Role) -> Health:
    """Read how the house runs. Three queries for the operator, none for others."""
    queues = [
        _row("Mail", MESSAGES if role >= Role.MEMBER else "", mail.waiting, mail.oldest, is_stuck=mail.is_stuck),
        _row("Set-ups", TASKS if role >= Role.MEMBER else "", tasks.tasks, tasks.oldest, is_stuck=tasks.stuck > 0),
        _row("Webhooks", HOOKS if role >= Role.ADMIN else "", hooks.waiting, hooks.oldest, is_stuck=_is_old(hooks)),
    ]
    if not is_operator:
        return Health(queues)
    beats = _beats()
    rows = [_schedule_row(job, zone) for job in schedule.listed()]
    return Health(
        queues,
        processes=_processes(beats, zone),
        is_silent=not any(beat.kind == "worker" and _is_heard(beat) for beat in beats),
        schedules=rows,
        schedule_words=_schedule_words(rows),
        unsealed=audit.longest_behind(),
    )


def _row(name: str, href: str, waiting: int, oldest: datetime | None, *, is_stuck: bool) -> QueueRow:
    tone, state = ("bad", "Stuck") if is_stuck else ("good", "Moving") if waiting else ("", "Idle")
    return name, href, f"{waiting:,}", _age(oldest), tone, state


def _is_old(hooks: WebhookHealth) -> bool:
    """Deliveries are tried again for two days: what is older has nobody who sees to it."""
    return hooks.oldest is not None and clock.now() - hooks.oldest > STUCK_DELIVERY


def _age(since: datetime | None) -> str:
    if since is None:
        return "–"
    seconds = max(0, int((clock.now() - since).total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} days"


def _beats() -> list[Heartbeat]:
    """The processes heard last, the latest first."""
    latest = sa.select(Heartbeat).order_by(Heartbeat.seen_at.desc())
    return list(db.session().scalars(latest.limit(SHOWN_PROCESSES)))


def _is_heard(beat: Heartbeat) -> bool:
    return beat.seen_at > clock.now() - SILENT_AFTER


def _processes(beats: Sequence[Heartbeat], zone: str) -> list[tuple[str, str, str, str, str, str]]:
    """Those that run; of a kind of which none runs, the one heard last."""
    rows = []
    for kind, name in (("worker", "Worker"), ("web", "Web")):
        of_kind = [beat for beat in beats if beat.kind == kind]
        shown = [beat for beat in of_kind if _is_heard(beat)] or of_kind[:1]
        rows += [_process_row(beat, name if len(shown) == 1 else f"{name} {beat.pid}", zone) for beat in shown]
        if not shown and kind == "worker":
            rows.append((name, "", "", "", "bad", "Never ran"))
    return rows


def _process_row(beat: Heartbeat, name: str, zone: str) -> tuple[str, str, str, str, str, str]:
    tone, state = ("good", "Running") if _is_heard(beat) else ("bad", "Silent")
    return name, beat.seen_at.isoformat(), words.ago(beat.seen_at, zone), words.exact(beat.seen_at, zone), tone, state


def _schedule_row(job: ScheduledJob, zone: str) -> ScheduleRow:
    is_late = job.next_run_at < clock.now() - LATE_AFTER
    tone, outcome = _outcome(job, is_late=is_late)
    last = job.last_run_at
    return ScheduleRow(
        name=job.words,
        every=_every(job.cron, job.zone),
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


def _every(cron: str, zone: str) -> str:
    """The common patterns in words, others as they are written."""
    minute, hour, *rest = cron.split()
    if rest != ["*", "*", "*"]:
        return f"{cron} {zone}"
    if hour == "*":
        return _every_minutes(minute) or f"{cron} {zone}"
    if minute.isdigit() and hour.isdigit():
        return f"daily at {int(hour):02}:{int(minute):02} {zone}"
    return f"{cron} {zone}"


def _every_minutes(minute: str) -> str:
    if minute.isdigit():
        return "every hour" if minute == "0" else f"every hour, {int(minute)} past"
    step = minute.removeprefix("*/") if minute != "*" else "1"
    return ("every minute" if step == "1" else f"every {step} minutes") if step.isdigit() else ""


def _took(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _schedule_words(rows: Sequence[ScheduleRow]) -> str:
    bad = sum(not row.is_fine for row in rows)
    return f"{bad} of {len(rows)} not as they should be" if bad else f"all {len(rows)} on time"
