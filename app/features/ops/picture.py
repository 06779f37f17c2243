"""How the installation does, in the words and tuples that its page draws."""

import platform
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from cronsim import CronSim

from app.features.audit import facts as audit
from app.features.ops import service
from app.kernel import clock, db, heartbeat, migrations, outbox, schedule, words
from app.kernel.heartbeat import Heartbeat
from app.kernel.schedule import ScheduledJob

QUEUES = {
    "email_queue": "Mail",
    "password_requests": "Password links",
    "provisioning_jobs": "Set-ups",
    "webhook_deliveries": "Webhooks",
}
"""Names of queues that read better than their tables."""
STUCK = timedelta(minutes=10)

When = tuple[str, str, str]
"""A moment as ISO text, relative, and exact."""


@dataclass(frozen=True)
class Picture:
    """The page."""

    sentence: str
    alarms: list[tuple[str, str, str]]
    """Tone, title, text."""
    stats: list[tuple[str, str, str, str]]
    """Label, value, detail, tone."""
    processes: list[tuple[str, str, int, When, When]]
    """Kind, host, process id, started, last seen."""
    queues: list[tuple[str, list[str], str, str, str]]
    """Name, counts (waiting, in hand, done, given up, kept), oldest, tone, state."""
    schedules: list[tuple[str, str, str, str, When | None, str, str, str, When]]
    """Title, name, cron, in words, last run, tone, outcome, took, next run."""
    versions: list[tuple[str, str]]


def look(zone: str) -> Picture:
    """Read everything, in the open unit of work."""
    counted = outbox.figures()
    ages, depths = outbox.ages(counted), outbox.depths(counted)
    processes = heartbeat.alive("web") + heartbeat.alive("worker")
    jobs = schedule.listed()
    workers = sum(one.kind == "worker" for one in processes)
    given_up = sum(states.get("dead", 0) for states in depths.values())
    waiting = sum(states.get("waiting", 0) + states.get("leased", 0) for states in depths.values())
    late = [job for job in jobs if _is_late(job)]
    failed = [job for job in jobs if job.last_outcome == "failed"]
    alarms = [*_alarms(workers, ages, late, failed), *_about_the_log()]
    return Picture(
        sentence="Everything runs."
        if not alarms
        else words.plural(len(alarms), "thing needs", "things need") + " you.",
        alarms=alarms,
        stats=[
            ("Processes", str(len(processes)), f"{len(processes) - workers} web, {workers} worker", ""),
            ("Waiting work", f"{waiting:,}", _age(max(ages.values(), default=0.0)), ""),
            ("Given up", f"{given_up:,}", "after three attempts", "bad" if given_up else ""),
            ("Schedules", str(len(jobs)), _late_words(late, failed), "bad" if late or failed else ""),
        ],
        processes=[_process(one, zone) for one in processes],
        queues=[_queue(name, states, ages[name]) for name, states in sorted(depths.items())],
        schedules=[_schedule(job, zone) for job in jobs],
        versions=_versions(),
    )


def _title(queue: str) -> str:
    return QUEUES.get(queue, queue.replace("_", " ").capitalize())


def _alarms(
    workers: int, ages: dict[str, float], late: list[ScheduledJob], failed: list[ScheduledJob]
) -> list[tuple[str, str, str]]:
    found = []
    if not workers:
        found.append(
            ("bad", "No worker is running", "Mail and scheduled work wait until `mpanel run` or `mpanel worker` is up.")
        )
    for name, age in ages.items():
        if age > STUCK.total_seconds():
            found.append(("warn", f"{_title(name)} is stuck", f"The oldest row should have moved {_age(age)} ago."))
    for job in failed:
        found.append(("bad", f"{job.words} failed", job.last_error or "No reason was written down."))
    for job in late:
        found.append(("warn", f"{job.words} is late", f"It was due {words.ago(job.next_run_at)}."))
    return found


def _about_the_log() -> list[tuple[str, str, str]]:
    behind = audit.longest_behind()
    if behind is None:
        return []
    text = f"Its oldest row without a seal is from {_age(behind.total_seconds())} ago."
    return [("warn", "The audit log waits for its seals", text)]


def _is_late(job: ScheduledJob) -> bool:
    return clock.now() - job.next_run_at > service.LATE


def _late_words(late: list[ScheduledJob], failed: list[ScheduledJob]) -> str:
    parts = [f"{len(failed)} failed"] * bool(failed) + [f"{len(late)} late"] * bool(late)
    return ", ".join(parts) or "all on time"


def _process(one: Heartbeat, zone: str) -> tuple[str, str, int, When, When]:
    return one.kind.capitalize(), one.host, one.pid, _when(one.started_at, zone), _when(one.seen_at, zone)


def _queue(name: str, states: dict[str, int], age: float) -> tuple[str, list[str], str, str, str]:
    counts = [f"{states.get(state, 0):,}" for state in ("waiting", "leased", "done", "dead", "kept")]
    if age > STUCK.total_seconds():
        tone, state = "warn", "Stuck"
    elif states.get("waiting") or states.get("leased"):
        tone, state = "busy", "Moving"
    else:
        tone, state = "good", "Empty"
    return _title(name), counts, _age(age), tone, state


def _schedule(job: ScheduledJob, zone: str) -> tuple[str, str, str, str, When | None, str, str, str, When]:
    tone, outcome = {"done": ("good", "Done"), "failed": ("bad", "Failed")}.get(job.last_outcome or "", ("", "Not yet"))
    if job.last_missed:
        outcome += f", {job.last_missed:,} missed before"
    took = "–" if job.last_duration_ms is None else _took(job.last_duration_ms)
    last = _when(job.last_run_at, zone) if job.last_run_at else None
    every = f"{CronSim(job.cron, clock.now()).explain()} ({job.zone})"
    return job.words, job.name, job.cron, every, last, tone, outcome, took, _when(job.next_run_at, zone)


def _versions() -> list[tuple[str, str]]:
    connection = db.session().connection()
    kind = "PostgreSQL" if connection.dialect.name == "postgresql" else "SQLite"
    number = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    libraries = ("Flask", "SQLAlchemy", "waitress", "Huey")
    return [
        ("mPanel", version("mpanel")),
        ("Schema", "newest" if migrations.is_at_head(connection) else "older than the code"),
        (kind, number),
        ("Python", platform.python_version()),
        *((label, version(label.lower())) for label in libraries),
    ]


def _when(moment: datetime, zone: str) -> When:
    return moment.isoformat(), words.ago(moment, zone), words.exact(moment, zone)


def _age(seconds: float) -> str:
    if seconds < 1:
        return "nothing overdue"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def _took(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
