"""What staff write, what readers see of it, and what readers did with it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import db
from app.kernel.columns import JSON, Code, Id
from app.kernel.tenancy import TenantRecord, tenant_key


class Category(TenantRecord):
    """A topic under which articles stand on the first page of the help centre."""

    __tablename__ = "kb_categories"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "slug"),)

    slug: Mapped[str] = mapped_column(Code())
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    icon: Mapped[str] = mapped_column(sa.String(32), default="book-2")
    """The name of a drawing of the sprite."""
    position: Mapped[int] = mapped_column(default=0)
    """The smaller, the further up; equal ones by name."""


class Article(TenantRecord):
    """One article as staff work on it. What readers see is its `LivePage`, as it was last published."""

    __tablename__ = "kb_articles"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "slug"),
        sa.CheckConstraint("state IN ('draft', 'review', 'published', 'archived')", name="state"),
        sa.CheckConstraint("(published_revision IS NULL) = (published_at IS NULL)", name="published"),
        sa.Index("ix_kb_articles_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_kb_articles_changed", "tenant_id", "changed_at", "id"),
        sa.Index("ix_kb_articles_title", "tenant_id", "title_key", "id"),
        sa.Index("ix_kb_articles_state", "tenant_id", "state", "changed_at", "id"),
        sa.Index("ix_kb_articles_category_id", "tenant_id", "category_id", "changed_at", "id"),
        sa.Index("ix_kb_articles_publish_at", "publish_at"),
    )

    slug: Mapped[str] = mapped_column(Code())
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(Code())
    """The title without case and accents: what lists are sorted by."""
    category_id: Mapped[UUID | None] = tenant_key("kb_categories", nullable=True, index=False)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    summary: Mapped[str] = mapped_column(default="")
    """What search engines and lists show; empty: the beginning of the text."""
    seo_title: Mapped[str] = mapped_column(default="")
    """What search engines show as its title; empty: the title."""
    body: Mapped[str] = mapped_column(default="")
    """Markdown."""
    author_id: Mapped[UUID | None] = tenant_key("users", nullable=True)
    state: Mapped[str] = mapped_column(sa.String(9), default="draft")
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with every change of the text: who saves an older one is told."""
    published_revision: Mapped[int | None]
    """What readers see."""
    published_at: Mapped[datetime | None]
    """When it was last published."""
    publish_at: Mapped[datetime | None]
    """When it is to be published by itself."""
    review_note: Mapped[str] = mapped_column(default="")
    """What whoever read it over said last, when they sent it back; empty again once it is published."""
    sent_back_by: Mapped[UUID | None]
    """Who that was: a plain id, for people may go and articles stay."""
    changed_at: Mapped[datetime]

    @property
    def is_archived(self) -> bool:
        """Whether it was put away: nobody finds it, nobody works on it."""
        return self.state == "archived"

    @property
    def is_live(self) -> bool:
        """Whether readers find it."""
        return self.published_revision is not None

    @property
    def has_changes(self) -> bool:
        """Whether staff have written something since that readers do not see yet."""
        return self.is_live and self.state != "published"


class Version(TenantRecord):
    """One article as it was saved once; never changed."""

    __tablename__ = "kb_versions"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "article_id", "revision"),)

    article_id: Mapped[UUID] = tenant_key("kb_articles", index=False)
    revision: Mapped[int]
    title: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    summary: Mapped[str]
    seo_title: Mapped[str]
    body: Mapped[str]
    author_id: Mapped[UUID | None] = tenant_key("users", nullable=True)
    restored_from: Mapped[int | None]
    """The revision that this one brought back."""


class LivePage(TenantRecord):
    """What readers see of one article: drawn once, when it was published."""

    __tablename__ = "kb_pages"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "article_id"),
        sa.UniqueConstraint("tenant_id", "slug"),
        sa.Index("ix_kb_pages_number", "number", "tenant_id", "views", "id"),  # all that ranking reads
        sa.Index("ix_kb_pages_category_id", "tenant_id", "category_id", "title_key", "id"),
        sa.Index("ix_kb_pages_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_kb_pages_read", "tenant_id", "recent_views", "id"),
        sa.Index("ix_kb_pages_updated", "tenant_id", "updated_at", "id"),
    )

    article_id: Mapped[UUID] = tenant_key("kb_articles", index=False)
    number: Mapped[int | None]
    """Its row of the search index; None while nobody finds it, since the article is archived."""
    slug: Mapped[str] = mapped_column(Code())
    category_id: Mapped[UUID | None] = tenant_key("kb_categories", nullable=True, index=False)
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(Code())
    seo_title: Mapped[str]
    summary: Mapped[str]
    """Never empty: the beginning of the text where the author wrote none."""
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    html: Mapped[str]
    """The text, sanitised when it was drawn."""
    contents: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """Its headings: level, text, anchor."""
    plain: Mapped[str]
    """Its words alone, for snippets."""
    minutes: Mapped[int]
    """How long reading takes."""
    updated_at: Mapped[datetime]
    """When these words were published; `created_at` is when the first ones were."""
    views: Mapped[int] = mapped_column(default=0)
    recent_views: Mapped[int] = mapped_column(default=0)
    """Those of the last 30 days, and for some minutes a little more."""
    yes_votes: Mapped[int] = mapped_column(default=0)
    no_votes: Mapped[int] = mapped_column(default=0)

    @property
    def votes(self) -> int:
        """How many said whether it helped."""
        return self.yes_votes + self.no_votes


class PageTag(TenantRecord):
    """One tag of one article that readers see."""

    __tablename__ = "kb_page_tags"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "tag", "article_id"),
        sa.Index("ix_kb_page_tags_article_id", "tenant_id", "article_id"),
    )

    article_id: Mapped[UUID] = tenant_key("kb_articles", index=False)
    tag: Mapped[str] = mapped_column(Code())


class Redirect(TenantRecord):
    """An address that an article had once."""

    __tablename__ = "kb_redirects"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "slug"),)

    slug: Mapped[str] = mapped_column(Code())
    article_id: Mapped[UUID] = tenant_key("kb_articles")


class Vote(TenantRecord):
    """What one visitor said of one article: the last word counts."""

    __tablename__ = "kb_votes"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "article_id", "voter"),
        sa.Index("ix_kb_votes_newest", "tenant_id", "article_id", "created_at", "id"),
    )

    article_id: Mapped[UUID] = tenant_key("kb_articles", index=False)
    voter: Mapped[str] = mapped_column(sa.String(64))
    """A keyed hash of who it was: of the login, of the visit, or of the network. It leads back to nobody."""
    is_helpful: Mapped[bool]
    comment: Mapped[str] = mapped_column(default="")
    user_id: Mapped[UUID | None] = tenant_key("users", nullable=True)
    """Whose login it was; None of somebody who was not signed in."""


class ReadingDay(TenantRecord):
    """How often one article was read on one day (UTC)."""

    __tablename__ = "kb_readings"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "article_id", "day"),
        sa.Index("ix_kb_readings_day", "tenant_id", "day"),
    )

    article_id: Mapped[UUID] = tenant_key("kb_articles", index=False)
    day: Mapped[date]
    views: Mapped[int] = mapped_column(default=0)


class SearchDay(TenantRecord):
    """What was looked for on one day (UTC), how often, how often in vain, and how often something was opened then."""

    __tablename__ = "kb_searches"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "day", "words"),)

    day: Mapped[date]
    words: Mapped[str] = mapped_column(Code())
    """Small letters, without accents."""
    searches: Mapped[int] = mapped_column(default=0)
    misses: Mapped[int] = mapped_column(default=0)
    clicks: Mapped[int] = mapped_column(default=0)


class KnownWord(db.Base):
    """One word of the articles that readers see, and in how many it stands: what a mistyped one is compared with."""

    __tablename__ = "kb_words"
    __table_args__ = ({"sqlite_with_rowid": False, "info": {"tenant_owned": True}},)

    tenant_id: Mapped[UUID] = mapped_column(Id(), sa.ForeignKey("tenants.id"), primary_key=True)
    word: Mapped[str] = mapped_column(Code(), primary_key=True)
    pages: Mapped[int]


class Trigram(db.Base):
    """Three letters in a row of one known word."""

    __tablename__ = "kb_trigrams"
    __table_args__ = ({"sqlite_with_rowid": False, "info": {"tenant_owned": True}},)

    tenant_id: Mapped[UUID] = mapped_column(Id(), sa.ForeignKey("tenants.id"), primary_key=True)
    trigram: Mapped[str] = mapped_column(Code(), primary_key=True)
    word: Mapped[str] = mapped_column(Code(), primary_key=True)
