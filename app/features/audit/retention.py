"""Letting old parts of the log go: whole sealed segments, the oldest first; the seal of each stays as its anchor."""

import time
from datetime import datetime

import sqlalchemy as sa

from app.features.audit import service
from app.features.audit.models import AuditLog, AuditSeal
from app.kernel import clock, db, tenancy

SECONDS = 60.0
"""How long a run works for a tenant; what is left waits for the next day."""


def release(before: datetime) -> int:
    """Drop the segments of the tenant that is set whose newest row is older than `before`; returns how many.

    One transaction for each, which says so in the log. The database refuses what is younger than a year.
    """
    deadline, count = time.monotonic() + SECONDS, 0
    while time.monotonic() <= deadline and _release_oldest(before):
        count += 1
    return count


def _release_oldest(before: datetime) -> bool:
    with db.transaction() as session:
        oldest = sa.select(AuditSeal).where(AuditSeal.released_at.is_(None)).order_by(AuditSeal.number).limit(1)
        seal = session.scalars(oldest).one_or_none()
        if seal is None or seal.newest_at >= before:
            return False
        released = (
            sa.update(AuditSeal)
            .where(AuditSeal.id == seal.id, AuditSeal.released_at.is_(None))
            .values(released_at=clock.now(), members=None)
            .returning(AuditSeal.id)
            .execution_options(synchronize_session=False)
        )
        if session.execute(released).first() is None:
            return False  # somebody else was faster
        rows = sa.delete(AuditLog).where(
            AuditLog.tenant_id == tenancy.current(),
            AuditLog.position.between(seal.first_position, seal.last_position),
        )
        session.execute(rows.execution_options(synchronize_session=False))
        service.record(
            "AUDIT_RELEASED",
            resource_type="audit_seal",
            resource_id=seal.id,
            after={"segment": seal.number, "rows": seal.count, "until": seal.newest_at.isoformat()},
        )
    return True
