"""What somebody said about the house."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import words
from app.kernel.tenancy import TenantRecord, tenant_key


class Testimonial(TenantRecord):
    """Somebody's words about the house. The site shows those that are approved and not archived."""

    __tablename__ = "testimonials"
    __table_args__ = (
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        sa.CheckConstraint("approved_at IS NULL OR rejected_at IS NULL", name="decided"),
        sa.Index("ix_testimonials_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_testimonials_position", "tenant_id", "position", "id"),
        sa.Index("ix_testimonials_stars", "tenant_id", "stars", "id"),
    )

    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    """What they are there: `Head of IT`."""
    company: Mapped[str] = mapped_column(default="")
    quote: Mapped[str] = mapped_column(sa.Text())
    """Their words, plain: no markup."""
    stars: Mapped[int]
    """1 to 5."""
    photo_id: Mapped[UUID | None] = tenant_key("stored_files", nullable=True)
    """What they look like; initials where there is none."""
    is_featured: Mapped[bool] = mapped_column(default=False)
    """Shown large, before the others."""
    position: Mapped[int]
    """The smallest comes first on the site."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows when it is put in other words: who approves it says which ones they read."""
    approved_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    @property
    def state(self) -> str:
        """`waiting`, `approved`, `rejected` or `archived`."""
        if self.archived_at is not None:
            return "archived"
        if self.approved_at is not None:
            return "approved"
        return "rejected" if self.rejected_at is not None else "waiting"

    @property
    def is_shown(self) -> bool:
        """Whether the site shows it."""
        return self.state == "approved"

    @property
    def photo(self) -> str:
        """The photo's address on the brand's own host; empty where there is none."""
        return f"/files/{self.photo_id}/photo" if self.photo_id is not None else ""

    @property
    def initials(self) -> str:
        """In place of a photo."""
        return words.initials(self.name)

    @property
    def role_line(self) -> str:
        """`Head of IT, Quayside Bikes`."""
        return ", ".join(filter(None, [self.title, self.company]))
