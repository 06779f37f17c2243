"""The mails that are to go out, are out, or could not."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import JSON
from app.kernel.outbox import OutboxMixin
from app.kernel.tenancy import TenantRecord, tenant_key

SEARCHED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is searched by its beginning: ordered by code point on both stores."""


class EmailMessage(TenantRecord, OutboxMixin):
    """One mail to one person: wanted in the transaction of its cause, drawn and sent by the worker.

    `body_html` and `body_text` are what was sent, or would have been, with the
    secret part of every link masked. `attempt_log` has one entry for each
    attempt: `at`, `outcome` (a value of `smtp.Outcome`), `answer`, `ms`.
    """

    __tablename__ = "email_queue"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "dedupe_key"),
        sa.CheckConstraint("priority BETWEEN 1 AND 10", name="priority"),
        sa.Index("ix_email_queue_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_email_queue_state", "tenant_id", "state", "created_at", "id"),
        sa.Index("ix_email_queue_template", "tenant_id", "template", "created_at", "id"),
        sa.Index("ix_email_queue_address", "tenant_id", "address_key", "created_at", "id"),
        sa.Index("ix_email_queue_sent", "tenant_id", "sent_at"),
    )
    outbox_order: ClassVar[tuple[str, ...]] = ("priority", "next_at")

    template: Mapped[str] = mapped_column(sa.String(60))
    subject_type: Mapped[str] = mapped_column(sa.String(60))
    """What it is about: `user`, `order`, `session`."""
    subject_id: Mapped[UUID]
    to_user_id: Mapped[UUID | None] = tenant_key("users", nullable=True)
    to_address: Mapped[str]
    address_key: Mapped[str] = mapped_column(SEARCHED)
    """`to_address` in lower case."""
    link_id: Mapped[UUID | None] = tenant_key("password_reset_tokens", nullable=True)
    """The one-time link that it carries, if any."""
    priority: Mapped[int]
    """1 goes first, 10 last."""
    dedupe_key: Mapped[str]
    """What makes it the only one of its kind for its cause and recipient."""
    message_id_header: Mapped[str]
    """The same in every attempt, so that a mail that went twice is known as one."""
    subject_line: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    attempt_log: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    sent_at: Mapped[datetime | None]
    kept_at: Mapped[datetime | None]

    @property
    def is_waiting(self) -> bool:
        """Whether it will be sent by itself."""
        return self.state in {"waiting", "leased"}
