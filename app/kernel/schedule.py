"""Scheduled work, in one table: what runs when, what came of it, and what was missed.

A slot (one moment of a schedule) is claimed under a unique key, so that two
workers or a restart never run it twice. Slots that passed while nothing ran are
caught up once, with the latest of them, and shown as missed. A run whose
process died is taken up again by another.
"""

import inspect
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim

from app.kernel import aftermath, clock, db, logs, metrics, tenancy
from app.kernel.db import Record
from app.kernel.scheduled import JobRun as JobRun
from app.kernel.scheduled import ScheduledJob as ScheduledJob

LEASE = timedelta(seconds=60)
"""A run that is not renewed for so long belonged to a process that died."""
MOST_ATTEMPTS = 3

_log = logs.get("schedule")


@dataclass(frozen=True)
class Job:
    """A function and when it runs."""

    name: str
    cron: str
    zone: str
    work: Callable[..., object]
    title: str = ""

    def next_after(self, moment: datetime) -> datetime:
        """The first slot after `moment`, in UTC; right through changes of the clocks.

        A local time that a change skips runs right after the gap, one that
        comes twice runs once.
        """
        found = next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone))))
        return found.astimezone(UTC)


@dataclass(frozen=True)
class Slot:
    """A claimed run."""

    run_id: UUID
    job: Job
    at: datetime
    missed: int


JOBS: dict[str, Job] = {}
"""Every piece of scheduled work by name."""

_running: set[UUID] = set()
_running_lock = threading.Lock()


class UnknownJob(LookupError):
    """There is no scheduled work of that name."""


def scheduled(
    name: str, cron: str, *, title: str = "", zone: str = "UTC"
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register a function to run at every slot of `cron` in `zone`; staff read its `title`.

    It may take one argument, the slot's moment. It runs across all tenants,
    without a transaction; it sets each tenant and opens its transactions itself.
    """

    def register(work: Callable[..., object]) -> Callable[..., object]:
        job = Job(name, cron, zone, work, title)
        job.next_after(clock.now())  # a wrong expression stops the start
        JOBS[name] = job
        return work

    return register


def install() -> None:
    """Bring the table in step with what is registered. Safe to repeat, and to run twice at once."""
    now = clock.now()
    with db.transaction() as session:
        known = {row.name: row for row in session.scalars(sa.select(ScheduledJob))}
        for job in JOBS.values():
            row = known.get(job.name)
            if row is None:
                named = {"name": job.name, "title": job.title}
                _insert_once(ScheduledJob(**named, cron=job.cron, zone=job.zone, next_run_at=job.next_after(now)))
                continue
            row.title = job.title
            if (row.cron, row.zone) != (job.cron, job.zone):
                row.cron, row.zone, row.next_run_at = job.cron, job.zone, job.next_after(now)


def _insert_once(row: Record) -> bool:
    try:
        with db.session().begin_nested():
            db.session().add(row)
    except sa.exc.IntegrityError:
        return False
    return True


def due() -> list[Slot]:
    """Claim every slot that is due, and runs whose process died. In a transaction of its own."""
    now = clock.now()
    with db.transaction(write=False) as session:
        waiting = sa.select(ScheduledJob.name, ScheduledJob.next_run_at).where(ScheduledJob.next_run_at <= now)
        ready = session.execute(waiting).all()
        lost = session.scalars(sa.select(JobRun).where(JobRun.lease_until <= now)).all()
    claims = [slot for name, next_run_at in ready if name in JOBS and (slot := _claim(JOBS[name], next_run_at, now))]
    return claims + [slot for run in lost if run.name in JOBS and (slot := _claim_again(run, now))]


def _claim(job: Job, seen: datetime, now: datetime) -> Slot | None:
    latest, missed = seen, 0
    while (following := job.next_after(latest)) <= now:
        latest, missed = following, missed + 1
    advance = (
        sa.update(ScheduledJob)
        .where(ScheduledJob.name == job.name, ScheduledJob.next_run_at == seen)
        .values(next_run_at=following)
    )
    with db.transaction():
        if _count(advance) == 0:
            return None
        run = JobRun(name=job.name, slot=latest, lease_until=now + LEASE, missed=missed)
        return Slot(run.id, job, latest, missed) if _insert_run(run) else None


def _insert_run(run: JobRun) -> bool:
    inserted = _insert_once(run)
    if inserted:
        with _running_lock:
            _running.add(run.id)
    return inserted


def _claim_again(run: JobRun, now: datetime) -> Slot | None:
    mine = sa.update(JobRun).where(JobRun.id == run.id, JobRun.lease_until == run.lease_until)
    with db.transaction():
        if run.attempts >= MOST_ATTEMPTS:
            _count(mine.values(lease_until=None, finished_at=now, outcome="lost", error="Its process died every time."))
            return None
        if _count(mine.values(lease_until=now + LEASE, attempts=run.attempts + 1)) == 0:
            return None
    with _running_lock:
        _running.add(run.id)
    return Slot(run.id, JOBS[run.name], run.slot, run.missed)


def claim_now(name: str, at: datetime | None = None) -> Slot | None:
    """Claim a run of `name` for the slot `at` (now by default), or None when that slot was taken already.

    Raises:
        UnknownJob: nothing of that name is scheduled.
    """
    if name not in JOBS:
        raise UnknownJob(name)
    moment = (at or clock.now()).astimezone(UTC)
    with db.transaction():
        run = JobRun(name=name, slot=moment, lease_until=clock.now() + LEASE)
        return Slot(run.id, JOBS[name], moment, 0) if _insert_run(run) else None


def perform(slot: Slot) -> str:
    """Do the work of a claimed slot and write down what came of it: `done` or `failed`."""
    started, began = time.monotonic(), clock.now()
    outcome, error = "done", None
    aftermath.collect()
    try:
        with tenancy.across_tenants("schedule"):
            _call(slot)
    except Exception as problem:
        _log.exception("scheduled work failed", job=slot.job.name)
        outcome, error = "failed", logs.clean(f"{type(problem).__name__}: {problem}", 500)
    finally:
        for note in aftermath.take():
            with db.transaction():
                note()
        with _running_lock:
            _running.discard(slot.run_id)
    milliseconds = int((time.monotonic() - started) * 1000)
    metrics.JOBS.labels(slot.job.name, outcome).inc()
    metrics.JOB_SECONDS.labels(slot.job.name).observe(milliseconds / 1000)
    _write_down(slot, outcome, error, began, milliseconds)
    return outcome


def _call(slot: Slot) -> None:
    if inspect.signature(slot.job.work).parameters:
        slot.job.work(slot.at)
    else:
        slot.job.work()


def _write_down(slot: Slot, outcome: str, error: str | None, began: datetime, milliseconds: int) -> None:
    with db.transaction():
        _count(
            sa.update(JobRun)
            .where(JobRun.id == slot.run_id)
            .values(lease_until=None, finished_at=clock.now(), outcome=outcome, error=error)
        )
        _count(
            sa.update(ScheduledJob)
            .where(ScheduledJob.name == slot.job.name)
            .values(
                last_run_at=began,
                last_outcome=outcome,
                last_error=error,
                last_duration_ms=milliseconds,
                last_missed=slot.missed,
            )
        )


def renew() -> None:
    """Keep what this process is running; said with every heartbeat."""
    with _running_lock:
        mine = list(_running)
    if mine:
        with db.transaction():
            _count(
                sa.update(JobRun)
                .where(JobRun.id.in_(mine), JobRun.lease_until.is_not(None))
                .values(lease_until=clock.now() + LEASE)
            )


def hasten(name: str) -> ScheduledJob | None:
    """Make `name` due now, besides its slots. In the open unit of work; None when there is no such work."""
    wanted = sa.select(ScheduledJob).where(ScheduledJob.name == name)
    found = db.session().scalar(wanted) if name.isprintable() else None
    if found is None:
        return None
    soon = sa.update(ScheduledJob).where(ScheduledJob.name == name, ScheduledJob.next_run_at > clock.now())
    _count(soon.values(next_run_at=clock.now()))
    return found


def listed() -> list[ScheduledJob]:
    """The whole table by name. In the open unit of work."""
    return list(db.session().scalars(sa.select(ScheduledJob).order_by(ScheduledJob.name)))


def tidy(keep: timedelta = timedelta(days=90)) -> None:
    """Delete old runs, and work that this version no longer knows. In the open unit of work, in a worker."""
    _count(sa.delete(JobRun).where(JobRun.finished_at < clock.now() - keep))
    forgotten = sa.delete(ScheduledJob).where(
        ScheduledJob.name.not_in(list(JOBS)), ScheduledJob.next_run_at < clock.now() - timedelta(days=1)
    )
    _count(forgotten)


def _count(statement: Any) -> int:
    result = db.session().execute(statement.execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", result).rowcount
