"""Copies of somebody's data, and wishes to be erased."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.outbox import OutboxMixin
from app.kernel.tenancy import TenantRecord, tenant_key

PERSON, CUSTOMER, TENANT = KINDS = ("person", "customer", "tenant")


class DataCopy(TenantRecord, OutboxMixin):
    """A zip of what is held about one person, customer or tenant: made by the worker, fetched by whoever asked.

    `subject_id` is a plain id: a copy of a whole tenant belongs to the operator's who asked.
    """

    __tablename__ = "data_copies"
    __table_args__ = (
        sa.CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        sa.Index("ix_data_copies_asked_by", "tenant_id", "asked_by", "created_at", "id"),
        sa.Index("ix_data_copies_subject", "tenant_id", "subject_id", "created_at", "id"),
        sa.Index("ix_data_copies_expires_at", "expires_at"),
    )

    kind: Mapped[str] = mapped_column(sa.String(16))
    subject_id: Mapped[UUID]
    asked_by: Mapped[UUID] = tenant_key("users", index=False)
    sealed_key: Mapped[bytes]
    """What its parts are encrypted with, sealed for this installation."""
    records: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]

    @property
    def is_ready(self) -> bool:
        """Whether it can be fetched."""
        return self.finished_at is not None


class DataCopyPart(TenantRecord):
    """A piece of a copy, encrypted."""

    __tablename__ = "data_copy_parts"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "copy_id", "number"),)

    copy_id: Mapped[UUID] = tenant_key("data_copies", index=False)
    number: Mapped[int]
    body: Mapped[bytes]


class Erasure(TenantRecord, OutboxMixin):
    """A wish that a customer with its people, or one person, be forgotten. `kept` is what staff have to look at."""

    __tablename__ = "erasures"
    __table_args__ = (
        sa.CheckConstraint("(customer_id IS NULL) <> (user_id IS NULL)", name="one"),
        sa.Index("ix_erasures_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_erasures_state", "tenant_id", "state", "created_at", "id"),
    )

    customer_id: Mapped[UUID | None] = tenant_key("customers", nullable=True)
    user_id: Mapped[UUID | None] = tenant_key("users", nullable=True)
    asked_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
    """None: the house's own rule on how long closed accounts are kept."""
    decided_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
    refused_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None]
    touched: Mapped[int] = mapped_column(default=0)
    """Records that were changed or removed."""

    @property
    def stage(self) -> str:
        """`asked`, `running`, `done`, `refused` or `failed`."""
        if self.done_at is not None:
            return "done"
        if self.refused_at is not None:
            return "refused"
        return {"kept": "asked", "dead": "failed"}.get(self.state, "running")
