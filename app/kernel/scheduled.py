"""The tables of scheduled work: what there is, and each of its runs. Written by `schedule` alone."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Record


class ScheduledJob(Record):
    """One piece of scheduled work."""

    __tablename__ = "scheduled_jobs"

    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    cron: Mapped[str] = mapped_column(sa.String(64))
    zone: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    """As people read it; empty where the name says enough. Written by workers, which alone know what they do."""
    next_run_at: Mapped[datetime]
    last_run_at: Mapped[datetime | None]
    last_outcome: Mapped[str | None] = mapped_column(sa.String(16))
    last_error: Mapped[str | None]
    last_duration_ms: Mapped[int | None]
    last_missed: Mapped[int] = mapped_column(default=0)
    """Slots that passed unseen before the last run, and that it made good."""

    @property
    def words(self) -> str:
        """The title, else `billing.renew-all` as `Billing: renew all`."""
        return self.title or self.name.replace(".", ": ").replace("_", " ").replace("-", " ").capitalize()


class JobRun(Record):
    """One slot of a schedule, claimed."""

    __tablename__ = "job_runs"
    __table_args__ = (sa.UniqueConstraint("name", "slot"),)

    name: Mapped[str] = mapped_column(sa.String(64))
    slot: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=1)
    lease_until: Mapped[datetime | None] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(16))
    error: Mapped[str | None]
    missed: Mapped[int] = mapped_column(default=0)
