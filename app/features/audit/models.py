"""The rows of the audit log, and the keys that keep its personal parts."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.tenancy import TenantRecord

SEVERITIES = ("debug", "info", "warning", "error", "critical")
STATE = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class PersonKey(TenantRecord):
    """The key that one person's parts of the audit log are encrypted with.

    `sealed_key` is the AES key, sealed for this installation. Erasing the
    person empties it: the rows stay, nobody can read their personal part again.
    """

    __tablename__ = "person_keys"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "person_id"),)

    person_id: Mapped[UUID]
    sealed_key: Mapped[bytes | None]
    destroyed_at: Mapped[datetime | None]


class AuditLog(TenantRecord):
    """One thing that was done. The database itself refuses to change or remove it.

    The ids are plain, without foreign keys: a row outlives what it speaks of.
    What is personal (address, user agent, names) is one AES-GCM blob; the rest
    holds ids, the action and the type, never a name.
    """

    __tablename__ = "audit_logs"
    __table_args__ = (
        sa.Index("ix_audit_logs_moment", "tenant_id", "created_at", "id"),
        sa.Index("ix_audit_logs_resource", "tenant_id", "resource_type", "resource_id", "created_at"),
        sa.CheckConstraint(f"severity IN {SEVERITIES}", name="severity"),
    )

    actor_user_id: Mapped[UUID | None]
    actor_key_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(sa.String(60))
    resource_type: Mapped[str] = mapped_column(sa.String(60))
    resource_id: Mapped[UUID | None]
    severity: Mapped[str] = mapped_column(sa.String(10))
    description: Mapped[str]
    state_before: Mapped[dict[str, Any] | None] = mapped_column(STATE)
    state_after: Mapped[dict[str, Any] | None] = mapped_column(STATE)
    personal: Mapped[bytes | None]
    personal_key_id: Mapped[UUID | None]
    request_id: Mapped[str] = mapped_column(sa.String(64))
    is_gdpr: Mapped[bool]
    is_pci: Mapped[bool]
