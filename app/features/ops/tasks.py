"""Housekeeping of the installation."""

from app.kernel import db, heartbeat, idempotency, jobs, limits, schedule


@jobs.scheduled("ops.tidy", "17 * * * *", title="Housekeeping")
def tidy() -> None:
    """Delete counters that are over, old runs, the heartbeats of the dead, and answers kept for repetition."""
    limits.sweep()
    with db.transaction():
        schedule.tidy()
        heartbeat.tidy()
    idempotency.sweep()
