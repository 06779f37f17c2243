"""Posts, their categories and tags, and every address that a post has or had."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import words
from app.kernel.columns import JSON, Code
from app.kernel.tenancy import TenantRecord, tenant_key

_PICTURE = re.compile(r'<img [^>]*src="(/files/[^"]+)"')
WAITING = sa.text("scheduled_for IS NOT NULL")


def cover_path(cover_id: UUID | None) -> str:
    """Where a cover is on the brand's own host; empty where there is none."""
    return f"/files/{cover_id}/cover" if cover_id is not None else ""


class Post(TenantRecord):
    """Something that the house tells. Everybody reads it once it is published, until it is withdrawn or archived."""

    __tablename__ = "blog_posts"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "slug"),
        sa.CheckConstraint("scheduled_for IS NULL OR published_at IS NULL", name="state"),
        sa.Index("ix_blog_posts_author", "tenant_id", "author_id", "dated_at", "id"),
        sa.Index("ix_blog_posts_category", "tenant_id", "category_key", "dated_at", "id"),
        sa.Index("ix_blog_posts_changed", "tenant_id", "changed_at", "id"),
        sa.Index("ix_blog_posts_dated", "tenant_id", "dated_at", "id"),
        sa.Index("ix_blog_posts_due", "scheduled_for", sqlite_where=WAITING, postgresql_where=WAITING),
        sa.Index("ix_blog_posts_title", "tenant_id", "title_key", "id"),
        sa.Index("ix_blog_posts_views", "tenant_id", "views", "id"),
    )

    slug: Mapped[str]
    """Its place under `/blog/`; those that it had before lead here (`PostSlug`)."""
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(Code())
    """The title in small letters: what lists are sorted by."""
    excerpt: Mapped[str] = mapped_column(default="")
    """What the author wants lists to show."""
    summary: Mapped[str] = mapped_column(default="")
    """What lists, feeds and previews show: the excerpt, else how the text begins."""
    body: Mapped[str] = mapped_column(sa.Text(), default="")
    """Markdown."""
    html: Mapped[str] = mapped_column(sa.Text(), default="", deferred=True)
    """The text as readers get it, drawn and cleaned when it was saved."""
    contents: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, deferred=True)
    """Its headings: level, words, anchor."""
    category: Mapped[str] = mapped_column(default="")
    """The name of its `PostCategory`, copied here for lists and feeds: `categories` keeps it in step."""
    category_key: Mapped[str] = mapped_column(default="")
    """The category as addresses say it; empty where it has none."""
    cover_id: Mapped[UUID | None] = tenant_key("stored_files", nullable=True)
    """The picture that stands for it in lists and previews, and above its text."""
    cover_alt: Mapped[str] = mapped_column(default="")
    """What the cover shows, for those who do not see it."""
    author_id: Mapped[UUID | None] = tenant_key("users", nullable=True, index=False)
    author_name: Mapped[str] = mapped_column(default="")
    """As readers see it; who wrote it may have another name by now, or be gone."""
    meta_title: Mapped[str] = mapped_column(default="")
    """For search engines and previews; the title where it is empty."""
    meta_description: Mapped[str] = mapped_column(default="")
    reading_minutes: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime | None]
    first_published_at: Mapped[datetime | None]
    """Since when somebody may know its address."""
    scheduled_for: Mapped[datetime | None]
    """When it publishes itself."""
    archived_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    dated_at: Mapped[datetime]
    """What it is sorted by: when it was published, else will be, else was begun."""
    views: Mapped[int] = mapped_column(default=0)
    """How often it was opened by somebody who is not of the staff."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with each change: two who change it at once are told."""

    @property
    def state(self) -> str:
        """`draft`, `scheduled`, `published` or `archived`."""
        if self.archived_at is not None:
            return "archived"
        if self.published_at is not None:
            return "published"
        return "scheduled" if self.scheduled_for is not None else "draft"

    @property
    def is_shown(self) -> bool:
        """Whether everybody can read it."""
        return self.state == "published"

    @property
    def cover(self) -> str:
        """The cover's address on the brand's own host; empty where there is none."""
        return cover_path(self.cover_id)

    @property
    def picture(self) -> str:
        """What previews elsewhere show: the cover, else the first one of its text; empty where there is none."""
        if self.cover_id is not None:
            return self.cover
        found = _PICTURE.search(self.html)
        return found[1] if found is not None else ""

    @property
    def initials(self) -> str:
        """Of its author, in place of a picture."""
        return words.initials(self.author_name)

    @property
    def path(self) -> str:
        """Its address on the brand's own host."""
        return f"/blog/{self.slug}"


class PostCategory(TenantRecord):
    """A category that posts may have. Its address stays when it is called otherwise."""

    __tablename__ = "blog_categories"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "key"),
        sa.UniqueConstraint("tenant_id", "name_key"),
    )

    name: Mapped[str]
    name_key: Mapped[str]
    """The name in plain small letters: no two are called the same."""
    key: Mapped[str]
    """The category as addresses say it: `behind-the-scenes`."""


class PostTag(TenantRecord):
    """One tag of one post."""

    __tablename__ = "blog_tags"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "post_id", "key"),
        sa.Index("ix_blog_tags_key", "tenant_id", "key", "post_id"),
    )

    post_id: Mapped[UUID] = tenant_key("blog_posts", index=False)
    name: Mapped[str]
    key: Mapped[str]
    """The tag as addresses say it: `web-hosting`."""


class PostSlug(TenantRecord):
    """An address that a post has, or had while everybody could read it. No other post ever gets it."""

    __tablename__ = "blog_slugs"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "slug"),)

    post_id: Mapped[UUID] = tenant_key("blog_posts")
    slug: Mapped[str]
