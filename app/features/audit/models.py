"""The rows of the audit log, and the keys that keep its personal parts."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.outbox import OutboxMixin
from app.kernel.tenancy import TenantRecord, tenant_key

SEVERITIES = ("debug", "info", "warning", "error", "critical")
STATE = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _only(condition: str) -> dict[str, Any]:
    """An index of the rows for which `condition` holds."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


_IMPERSONATED = _only("impersonator_user_id IS NOT NULL")
_GRAVE = _only("severity <> 'info'")
_ASKED = _only("request_id <> ''")


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
        sa.Index("ix_audit_logs_resource", "tenant_id", "resource_type", "resource_id", "created_at", "id"),
        sa.Index("uq_audit_logs_position", "tenant_id", "position", unique=True),
        sa.Index("ix_audit_logs_actor", "tenant_id", "actor_user_id", "created_at", "id"),
        sa.Index(
            "ix_audit_logs_impersonator", "tenant_id", "impersonator_user_id", "created_at", "id", **_IMPERSONATED
        ),
        sa.Index("ix_audit_logs_action", "tenant_id", "action", "created_at", "id"),
        sa.Index("ix_audit_logs_type", "tenant_id", "resource_type", "created_at", "id"),
        sa.Index("ix_audit_logs_severity", "tenant_id", "severity", "created_at", "id", **_GRAVE),
        sa.Index("ix_audit_logs_request", "tenant_id", "request_id", "created_at", "id", **_ASKED),
        sa.CheckConstraint(f"severity IN {SEVERITIES}", name="severity"),
    )

    actor_user_id: Mapped[UUID | None]
    actor_key_id: Mapped[UUID | None]
    impersonator_user_id: Mapped[UUID | None]
    """The member of staff who acted as `actor_user_id`, if one did. Both names are in the personal part."""
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
    position: Mapped[int]
    """Its place in the order in which rows were written: what seals go by. On PostgreSQL of all tenants, with gaps."""


class AuditSeal(TenantRecord):
    """A segment of a tenant's log, closed: `count` rows by position, hashed and chained to the segment before.

    When its rows are dropped, it stays as their anchor.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "number"),
        sa.CheckConstraint("number > 0 AND count > 0 AND first_position <= last_position", name="segment"),
    )

    number: Mapped[int]
    """1 for a tenant's first, then one more for each."""
    first_position: Mapped[int]
    last_position: Mapped[int]
    count: Mapped[int]
    oldest_at: Mapped[datetime]
    newest_at: Mapped[datetime]
    members: Mapped[bytes | None]
    """For each row 16 bytes of its id and 8 of its hash, in order: names the row that is wrong. Goes with the rows."""
    rows_hash: Mapped[bytes]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
    released_at: Mapped[datetime | None]
    """When retention dropped its rows."""


class AuditExport(TenantRecord, OutboxMixin):
    """A file of rows of the log that somebody asked for: made by the worker, kept for a day, theirs alone."""

    __tablename__ = "audit_exports"
    __table_args__ = (
        sa.Index("ix_audit_exports_owner", "tenant_id", "user_id", "created_at", "id"),
        sa.Index("ix_audit_exports_expires_at", "expires_at"),
        sa.CheckConstraint("kind IN ('csv', 'json')", name="kind"),
    )

    user_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(sa.String(8))
    filters: Mapped[dict[str, Any]]
    zone: Mapped[str] = mapped_column(sa.String(64))
    sealed_key: Mapped[bytes]
    """What its parts are encrypted with, sealed for this installation."""
    row_count: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(default=0)
    share: Mapped[int] = mapped_column(default=0)
    """Of the span of time that is asked for, in thousandths, how much is written."""
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class AuditExportPart(TenantRecord):
    """A piece of such a file, compressed and encrypted."""

    __tablename__ = "audit_export_parts"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "export_id", "number"),)

    export_id: Mapped[UUID] = tenant_key("audit_exports", index=False)
    number: Mapped[int]
    body: Mapped[bytes]
