"""Logins: one row for each device somebody is signed in on."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tenancy import TenantRecord, tenant_key


class UserSession(TenantRecord):
    """One login. The browser holds a random token, this row only its hash."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("device_type IN ('desktop', 'mobile', 'tablet', 'unknown')", name="device_type"),
        sa.Index("ix_user_sessions_expiry", "tenant_id", "expires_at"),
        sa.Index(
            "ix_user_sessions_impersonations",
            "expires_at",
            sqlite_where=sa.text("impersonator_session_id IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("impersonator_session_id IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    user_id: Mapped[UUID] = tenant_key("users")
    token_hash: Mapped[bytes]
    csrf_secret: Mapped[bytes]
    """What the forms of this login are bound to."""
    device_type: Mapped[str] = mapped_column(default="unknown")
    browser: Mapped[str] = mapped_column(default="")
    os: Mapped[str] = mapped_column(default="")
    ip: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    last_active_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")
    impersonator_session_id: Mapped[UUID | None] = tenant_key("user_sessions", nullable=True)
    """The login of the member of staff who sees the portal as this person, if it is one's."""

    @property
    def device(self) -> str:
        """As people call it: `Firefox on Windows`."""
        if self.impersonator_session_id is not None:
            return "Our staff, seeing the portal as you"
        if self.browser and self.os:
            return f"{self.browser} on {self.os}"
        return self.browser or self.os or "Unknown device"
