"""How the log itself does: until when it is sealed, and what its last verification found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import anchors, sealing, service
from app.features.audit.anchors import Anchor
from app.features.audit.models import AuditLog, AuditSeal
from app.features.audit.verifying import Result
from app.kernel import clock, db, metrics, tenancy
from app.kernel.metrics import Gauge

BEHIND = timedelta(minutes=10)
"""Rows that wait for their seal so long are an alarm."""
COUNTED = 10_000
"""Rows without a seal are counted up to here."""


@dataclass(frozen=True)
class Facts:
    """The state of one tenant's log."""

    segments: int
    sealed_at: datetime | None
    unsealed: int
    """`COUNTED` means: so many, or more."""
    waiting_since: datetime | None
    """When the oldest row without a seal was written."""
    is_behind: bool
    verified_at: datetime | None
    findings: int
    first_finding: str


def facts() -> Facts:
    """Of the tenant that is set. In the open unit of work; four queries."""
    last = sealing.newest()
    waiting, since = _waiting(last.last_position if last is not None else None)
    verified = _verified()
    told: dict[str, Any] = (verified.state_after or {}) if verified is not None else {}
    return Facts(
        segments=last.number if last is not None else 0,
        sealed_at=last.created_at if last is not None else None,
        unsealed=waiting,
        waiting_since=since,
        is_behind=since is not None and since < clock.now() - BEHIND,
        verified_at=verified.created_at if verified is not None else None,
        findings=int(told.get("findings", 0)),
        first_finding=str(told.get("first", "")),
    )


def _waiting(after: int | None) -> tuple[int, datetime | None]:
    mine = sa.select(AuditLog.id).where(AuditLog.tenant_id == tenancy.current()).order_by(AuditLog.position)
    rows = (mine if after is None else mine.where(AuditLog.position > after)).limit(COUNTED)
    count = db.session().scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
    first = db.session().scalar(rows.limit(1)) if count else None
    return count, written_at(first) if first is not None else None


def written_at(row_id: UUID) -> datetime:
    """When a row was really written: its id says so, whatever day it speaks of."""
    return datetime.fromtimestamp((row_id.int >> 80) / 1000, UTC)


def _verified() -> AuditLog | None:
    newest = sa.select(AuditLog).where(AuditLog.action == "AUDIT_VERIFIED")
    return db.session().scalars(newest.order_by(AuditLog.created_at.desc(), AuditLog.id.desc()).limit(1)).one_or_none()


def keep(result: Result) -> None:
    """Say in the log what a verification of the tenant that is set found. In a unit of work of its own."""
    first = result.findings[0].text if result.findings else ""
    with db.transaction():
        service.record(
            "AUDIT_VERIFIED",
            resource_type="audit_log",
            resource_id=None,
            after={
                "segments": result.segments, "rows": result.rows, "unsealed": result.unsealed,
                "findings": len(result.findings), "first": first,
            },
            severity="critical" if result.findings else "info",
        )  # fmt: skip


def anchor_anew(reason: str) -> int | None:
    """Take the log of the tenant that is set as it is now for true: a backup was played back, or the file was lost.

    Anchors from before count no more. Returns the number of the head, None where nothing is sealed.
    """
    with db.transaction(write=False):
        last = sealing.newest()
    if last is None:
        return None
    with db.transaction():
        service.record(
            "AUDIT_ANCHORED", resource_type="audit_log", resource_id=None,
            after={"segment": last.number, "reason": reason}, severity="critical",
        )  # fmt: skip
    anchors.add(Anchor(tenancy.current(), last.number, last.count, last.hash, clock.now(), reason))
    return int(last.number)


def longest_wait() -> timedelta:
    """For how long the oldest row of any tenant waits for its seal; nothing where none does. One query."""
    tenants = sa.table("tenants", sa.column("id", AuditLog.tenant_id.type))
    seals = sa.select(AuditSeal.last_position).where(AuditSeal.tenant_id == tenants.c.id).correlate(tenants)
    until = seals.order_by(AuditSeal.number.desc()).limit(1).scalar_subquery()
    waiting = sa.select(AuditLog.id).where(AuditLog.tenant_id == tenants.c.id).correlate(tenants)
    oldest = waiting.where(AuditLog.position > sa.func.coalesce(until, 0)).order_by(AuditLog.position).limit(1)
    asked = sa.select(oldest.scalar_subquery()).select_from(tenants)
    with tenancy.across_tenants("metrics"), db.reading() as session:
        found = [row_id for row_id in session.scalars(tenancy.named(asked, "figures only")) if row_id is not None]
    return max(timedelta(0), clock.now() - min(map(written_at, found), default=clock.now()))


def longest_behind() -> timedelta | None:
    """The same where it is an alarm, else None."""
    waited = longest_wait()
    return waited if waited > BEHIND else None


@metrics.gauges
def _figures() -> Iterable[Gauge]:
    """What an alarm can be set on."""
    waited = longest_wait().total_seconds()
    yield "mpanel_audit_unsealed_seconds", "Age of the oldest row of the audit log without a seal", {}, waited
