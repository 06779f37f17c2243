"""How the installation does: readiness, figures, and who may see more than a yes or no."""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address

from sqlalchemy.exc import SQLAlchemyError

from app.kernel import clock, db, heartbeat, jobs, metrics, migrations, outbox, schedule
from app.kernel.metrics import Gauge
from app.kernel.visitor import Visitor

Network = IPv4Network | IPv6Network
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORWARDING = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")
LATE = timedelta(minutes=2)
"""Scheduled work that is overdue by so much has nobody who does it."""


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered, and from what that follows.

    A queue that is away and a missing worker are told, but do not make a web
    process unready: rows wait, and pages work.
    """

    database: bool
    migrations: bool
    queue: bool
    workers: int

    @property
    def is_ready(self) -> bool:
        """Whether requests should come here."""
        return self.database and self.migrations

    def details(self) -> dict[str, str]:
        """Each part in a word."""
        return {
            "database": "ok" if self.database else "away",
            "migrations": "ok" if self.migrations else "not the newest" if self.database else "unknown",
            "queue": "ok" if self.queue else "away",
            "worker": "ok" if self.workers else "none seen" if self.database else "unknown",
        }


def readiness() -> Readiness:
    """Look now. Takes 8 seconds at most when the database does not answer."""
    try:
        with db.transaction(write=False) as session:
            is_newest = migrations.is_at_head(session.connection())
            workers = len(heartbeat.alive("worker")) if is_newest else 0
    except SQLAlchemyError:
        return Readiness(database=False, migrations=False, queue=jobs.queue_size() is not None, workers=0)
    return Readiness(database=True, migrations=is_newest, queue=jobs.queue_size() is not None, workers=workers)


def is_insider(visitor: Visitor, headers: Mapping[str, str], *, token: str | None, networks: Sequence[Network]) -> bool:
    """Whether somebody may see figures and details: this machine, `METRICS_TOKEN` or `METRICS_ALLOW_NETWORKS`.

    What comes through a proxy on this machine is not this machine.
    """
    given = headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    try:
        address = ip_address(visitor.address)
    except ValueError:
        return False
    if any(address in network for network in networks if network.version == address.version):
        return True
    forwarded = any(name in headers for name in FORWARDING)
    return address.is_loopback and visitor.host in LOOPBACK_NAMES and not forwarded


@metrics.gauges
def figures() -> Iterable[Gauge]:
    """What the database knows, over all tenants and without names."""
    with db.transaction(write=False):
        counted = outbox.figures()
        ages, depths = outbox.ages(counted), outbox.depths(counted)
        rows = schedule.listed()
        alive = {kind: len(heartbeat.alive(kind)) for kind in ("web", "worker")}
    for queue, states in depths.items():
        for state in outbox.STATES:
            labels = {"queue": queue, "state": state}
            yield "mpanel_queue_rows", "Rows of waiting work", labels, states.get(state, 0)
        yield "mpanel_queue_oldest_seconds", "How long the oldest row is overdue", {"queue": queue}, ages[queue]
    for row in rows:
        overdue = max(0.0, (clock.now() - row.next_run_at).total_seconds())
        yield "mpanel_schedule_overdue_seconds", "How long scheduled work is overdue", {"name": row.name}, overdue
        yield "mpanel_schedule_failed", "1 when its last run failed", {"name": row.name}, row.last_outcome == "failed"
    for kind, count in alive.items():
        yield "mpanel_processes", "Processes seen in the last 45 seconds", {"kind": kind}, count
    size = jobs.queue_size()
    yield "mpanel_bell_up", "1 when the queue that carries rings answers", {}, size is not None
    yield "mpanel_bell_rings", "Rings that no worker has heard yet", {}, size or 0
