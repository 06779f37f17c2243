"""Endpoints that asked to be told, and each thing that they were or are to be told."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import JSON
from app.kernel.outbox import OutboxMixin
from app.kernel.tenancy import TenantRecord, tenant_key

REASONS = ("by_hand", "gone", "failing")
"""Why an endpoint is off: somebody did it, it answered 410, or it failed for days."""


class Webhook(TenantRecord):
    """An address of somebody else's that is told what happens. `events` empty means all."""

    __tablename__ = "webhooks"
    __table_args__ = (
        sa.Index("ix_webhooks_newest", "tenant_id", "created_at", "id"),
        sa.CheckConstraint("disabled_reason IN ('', 'by_hand', 'gone', 'failing')", name="disabled_reason"),
    )

    name: Mapped[str] = mapped_column(sa.String(100))
    url: Mapped[str]
    events: Mapped[list[str]]
    is_restricted: Mapped[bool] = mapped_column(default=False)
    """Made by a key that may not see what concerns staff and security: it is never told of that."""
    headers_sealed: Mapped[bytes | None]
    """The tenant's own headers as sealed JSON: their values let the panel in at the receiver."""
    secret_sealed: Mapped[bytes]
    previous_secret_sealed: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    """Until then what is sent bears a signature of the previous secret too."""
    retry_enabled: Mapped[bool] = mapped_column(default=True)
    failing_since: Mapped[datetime | None]
    """The first failure since the last success."""
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str] = mapped_column(sa.String(10), default="")
    deleted_at: Mapped[datetime | None]
    """The row stays for the history of what was sent; the secret goes."""
    created_by: Mapped[UUID | None]
    """The member of staff who made it, as a plain id. None: a key."""

    @property
    def is_on(self) -> bool:
        """Whether it is told what happens."""
        return self.disabled_at is None and self.deleted_at is None


class WebhookDelivery(TenantRecord, OutboxMixin):
    """One event on its way to one endpoint.

    `body` is what is signed and sent, byte for byte, in every attempt.
    `attempt_log` has one entry for each: `at`, `status` (0 without an answer),
    `problem`, `ms`. The rest tells of the last one.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.Index("ix_webhook_deliveries_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_endpoint", "tenant_id", "webhook_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_state", "tenant_id", "state", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_event", "tenant_id", "event", "created_at", "id"),
    )
    outbox_order: ClassVar[tuple[str, ...]] = ("webhook_id", "next_at")
    outbox_lane: ClassVar[str] = "webhook_id"

    webhook_id: Mapped[UUID] = tenant_key("webhooks", index=False)
    event: Mapped[str] = mapped_column(sa.String(60))
    event_id: Mapped[UUID]
    """The same for every endpoint, attempt and replay: receivers know by it what they have seen."""
    body: Mapped[str]
    is_test: Mapped[bool] = mapped_column(default=False)
    attempt_log: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    request_headers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What was sent last, without secrets."""
    response_status: Mapped[int | None]
    response_headers: Mapped[list[Any]] = mapped_column(JSON, default=list)
    response_body: Mapped[str | None]
    is_cut: Mapped[bool] = mapped_column(default=False)
    """Whether the answer was longer than is kept."""
    duration_ms: Mapped[int | None]
    settled_at: Mapped[datetime | None]
    """When it was delivered or given up."""

    @property
    def message_id(self) -> str:
        """What the header `webhook-id` says."""
        return message_id(self.event_id)


def message_id(event_id: UUID) -> str:
    """What the header `webhook-id` says of an event."""
    return f"evt_{event_id.hex}"
