"""One table: what the checks of the walls between tenants found."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import JSON, Record


class IsolationRun(Record):
    """One whole run of `mpanel isolation check`. It belongs to the installation, not to a tenant."""

    __tablename__ = "isolation_runs"
    __table_args__ = (sa.Index("ix_isolation_runs_newest", "created_at", "id"),)

    version: Mapped[str]
    store: Mapped[str] = mapped_column(sa.String(16))
    """`sqlite` or `postgresql`: what the scratch database was."""
    routes: Mapped[int]
    roles: Mapped[int]
    calls: Mapped[int]
    seconds: Mapped[float] = mapped_column(sa.Double)
    """Of processor time."""
    fingerprint: Mapped[str] = mapped_column(sa.String(16))
    """Of the route map that was tried (`kernel/routemap.py`)."""
    findings: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Under `findings`, each as `route`, `where`, `kind`, `told`, `who`, `call`."""

    @property
    def leaks(self) -> list[dict[str, str]]:
        """The findings, one by one."""
        found: list[dict[str, str]] = self.findings.get("findings", [])
        return found

    @property
    def summary(self) -> str:
        """`120 routes x 16 roles, 0 leaks`."""
        count = len(self.leaks)
        return f"{self.routes} routes x {self.roles} roles, {count} {'leak' if count == 1 else 'leaks'}"
