"""The log is sealed every minute; files of it are made when somebody asks, and taken away after their day."""

from app.features.audit import prepared, sealing
from app.features.audit.models import AuditExport
from app.kernel import jobs, outbox, schedule


@schedule.scheduled("audit.seal", "* * * * *", title="Seals of the audit log")
def seal() -> None:
    """Close what was written since, for every tenant."""
    sealing.run()


@jobs.bell(prepared.BELL)
def make_exports() -> None:
    """Make every file that waits."""
    outbox.drain(AuditExport, prepared.make, limit=1, lease_seconds=prepared.LEASE_SECONDS)


@schedule.scheduled("audit.exports", "29 * * * *", title="Files of the audit log")
def remove_exports() -> None:
    """Remove files whose day is over."""
    prepared.sweep()
