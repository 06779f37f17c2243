"""What `mpanel doctor` looks at."""

import os
import smtplib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.features.audit import facts as audit
from app.kernel import clock, db, heartbeat, jobs, logs, migrations, outbox

SMTP_SECONDS = 5


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    is_fine: bool
    text: str


def run(settings: Settings) -> list[Check]:
    """Every check, in the order in which trouble usually has its cause."""
    logs.configure(level="CRITICAL")
    db.configure(settings.database_url)
    jobs.configure(settings.data, settings.redis_url)
    checks: list[Callable[[Settings], Check]] = [_data, _database, _schema, _queue, _worker, _backlog, _seals, _mail]
    try:
        return [
            Check("settings", True, f"read; the panel is at {settings.app_url}"),
            *(one(settings) for one in checks),
        ]
    finally:
        db.dispose()


def _data(settings: Settings) -> Check:
    mode = stat.S_IMODE(settings.data.stat().st_mode)
    if mode & 0o077:
        return Check("data folder", False, f"{settings.data} is open to others (mode {mode:04o}); run chmod 700 on it")
    space = os.statvfs(settings.data)
    free = space.f_bavail * space.f_frsize // 2**20
    return Check("data folder", free > 200, f"{settings.data}, private, {free:,} MiB free")


def _database(_settings: Settings) -> Check:
    kind = "PostgreSQL" if db.is_postgresql() else "SQLite"
    try:
        with db.engine().connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SQLAlchemyError as problem:
        return Check("database", False, f"{kind} does not answer ({type(problem).__name__}); see DATABASE_URL")
    return Check("database", True, kind)


def _schema(_settings: Settings) -> Check:
    try:
        with db.engine().connect() as connection:
            fine = migrations.is_at_head(connection)
    except SQLAlchemyError:
        return Check("schema", False, "cannot be read")
    return Check("schema", fine, "newest" if fine else "not the newest; run `mpanel migrate`")


def _queue(settings: Settings) -> Check:
    size = jobs.queue_size()
    kind = "Redis" if settings.redis_url else "SQLite file"
    if size is None:
        return Check("queue", False, f"{kind} does not answer; work is found by sweeps meanwhile")
    return Check("queue", True, f"{kind}, {size} waiting")


def _worker(_settings: Settings) -> Check:
    try:
        with db.transaction(write=False):
            alive = heartbeat.alive("worker")
    except SQLAlchemyError:
        return Check("worker", False, "cannot be read")
    if not alive:
        return Check("worker", False, "none was seen in the last 45 seconds; start `mpanel run` or `mpanel worker`")
    return Check("worker", True, f"{len(alive)} alive, last seen {_ago(clock.now() - alive[-1].seen_at)}")


def _backlog(_settings: Settings) -> Check:
    try:
        with db.transaction(write=False):
            ages, depths = outbox.ages(), outbox.depths()
    except SQLAlchemyError:
        return Check("waiting work", False, "cannot be read")
    late = {name: age for name, age in ages.items() if age > 600}
    dead = sum(states.get("dead", 0) for states in depths.values())
    if late:
        name, age = max(late.items(), key=lambda one: one[1])
        return Check("waiting work", False, f"the oldest row of {name} is overdue by {int(age // 60)} minutes")
    return Check("waiting work", True, f"none is overdue, {dead} given up")


def _seals(_settings: Settings) -> Check:
    try:
        behind = audit.longest_behind()
    except SQLAlchemyError:
        return Check("audit log", False, "cannot be read")
    if behind is not None:
        return Check(
            "audit log", False, f"its oldest row waits for a seal since {int(behind.total_seconds() // 60)} minutes"
        )
    return Check("audit log", True, "sealed up to the last minutes")


def _mail(settings: Settings) -> Check:
    if settings.smtp_url is None:
        return Check("mail", True, "SMTP_URL is not set: mails are kept, not sent")
    parts = urlsplit(settings.smtp_url)
    secure = parts.scheme == "smtps"
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    port = parts.port or (465 if secure else 25)
    try:
        with kind(parts.hostname or "", port, timeout=SMTP_SECONDS) as connection:
            connection.noop()
    except (OSError, smtplib.SMTPException) as problem:
        return Check(
            "mail", False, f"{parts.hostname} port {port} does not answer ({type(problem).__name__}); see SMTP_URL"
        )
    return Check("mail", True, f"{parts.hostname} port {port} answers")


def _ago(span: timedelta) -> str:
    return f"{max(0, int(span.total_seconds()))} seconds ago"
