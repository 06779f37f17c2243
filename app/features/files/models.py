"""What is kept, and what shows it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import clock
from app.kernel.images import MEDIA_TYPES
from app.kernel.tenancy import TenantRecord, tenant_key

PURPOSES = ("article", "testimonial")


class StoredFile(TenantRecord):
    """One picture. Its bytes never change: other bytes are another file, at another address.

    The same picture is one file, however often it is brought.
    """

    __tablename__ = "stored_files"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "sha256"),
        sa.CheckConstraint(f"purpose IN {PURPOSES!r}", name="purpose"),
        sa.CheckConstraint("byte_count > 0 AND width > 0 AND height > 0", name="size"),
        sa.Index("ix_stored_files_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_stored_files_unused_since", "tenant_id", "unused_since"),
    )

    purpose: Mapped[str] = mapped_column(sa.String(16))
    """What it was brought for first."""
    name: Mapped[str] = mapped_column(sa.String(80))
    """As its address ends: letters, digits and hyphens of the name it came with, and the ending of what it is."""
    sha256: Mapped[str] = mapped_column(sa.String(64))
    """Of what is kept, which is not what was sent."""
    ending: Mapped[str] = mapped_column(sa.String(4))
    width: Mapped[int]
    height: Mapped[int]
    byte_count: Mapped[int]
    is_public: Mapped[bool]
    """Whether everybody may see it; else staff alone."""
    made_by: Mapped[UUID | None]
    """Who of the staff brought it; a plain id, for people stand on a storey above."""
    unused_since: Mapped[datetime | None] = mapped_column(default=clock.now)
    """Nothing shows it since then; None while something does."""

    @property
    def key(self) -> str:
        """Where its bytes are; no other file is ever there."""
        return f"{self.tenant_id}/{str(self.id)[-2:]}/{self.id}.{self.ending}"

    @property
    def address(self) -> str:
        """Its path on the tenant's host."""
        return f"/files/{self.id}/{self.name}"

    @property
    def media_type(self) -> str:
        """As a Content-Type header says it."""
        return MEDIA_TYPES[self.ending]


class FileUse(TenantRecord):
    """One record that shows one file."""

    __tablename__ = "file_uses"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "used_by_type", "used_by_id", "file_id"),)

    file_id: Mapped[UUID] = tenant_key("stored_files")
    used_by_type: Mapped[str] = mapped_column(sa.String(40))
    """As the audit log calls it: `article`."""
    used_by_id: Mapped[UUID]
    """A plain id: every room above may use files."""
