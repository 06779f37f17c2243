"""Posts as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.features.blog.models import Post, PostTag
from app.features.blog.rules import LONGEST_ALT, LONGEST_BODY, LONGEST_EXCERPT, LONGEST_TAG, LONGEST_TITLE, MOST_TAGS
from app.kernel.numbered import Numbered, NumberedQuery
from app.kernel.schemas import Answer, Body, Line, Seen

Slug = Annotated[str, Field(max_length=80, description="Empty: made of the title.", examples=["a-second-data-centre"])]
Tags = Annotated[list[Annotated[Line, Field(max_length=LONGEST_TAG)]], Field(max_length=MOST_TAGS)]
Title = Annotated[Line, Field(max_length=LONGEST_TITLE, examples=["A second data centre"])]
Excerpt = Annotated[str, Field(max_length=LONGEST_EXCERPT)]
Text = Annotated[str, Field(max_length=LONGEST_BODY, description="Markdown.")]
Cover = Annotated[UUID | None, Field(strict=False, description="Of `POST /api/v1/files`; null: none.", examples=[None])]
State = Literal["draft", "scheduled", "published", "archived"]


class ReadQuery(NumberedQuery):
    """Which posts."""

    search: Annotated[str, Field(max_length=200, description="Beginnings of words in title, tags and text.")] = ""
    tag: Annotated[str, Field(max_length=100, description="As addresses say it.", examples=["web-hosting"])] = ""
    category: Annotated[str, Field(max_length=100, description="As addresses say it.", examples=["news"])] = ""


class TagOut(Answer):
    """A tag or category."""

    slug: str
    name: str


class SummaryOut(Answer):
    """A post in a list, as everybody may see it."""

    id: UUID
    slug: str
    url: Annotated[str, Field(description="Where people read it.")]
    title: str
    excerpt: str
    category: TagOut | None
    tags: list[TagOut]
    author: str
    reading_minutes: int
    cover: Annotated[str | None, Field(description="Where the picture is that stands for it.")]
    cover_alt: Annotated[str, Field(description="What the cover shows.")]
    published_at: datetime

    @classmethod
    def of(cls, post: Post, tags: Sequence[PostTag], base: str) -> "SummaryOut":
        """`post`, as it goes out, read at the address `base`."""
        return cls(
            id=post.id,
            slug=post.slug,
            url=base + post.path,
            title=post.title,
            excerpt=post.summary,
            category=TagOut(slug=post.category_key, name=post.category) if post.category_key else None,
            tags=[TagOut(slug=tag.key, name=tag.name) for tag in tags],
            author=post.author_name,
            reading_minutes=post.reading_minutes,
            cover=base + post.cover if post.cover else None,
            cover_alt=post.cover_alt,
            published_at=post.dated_at,
        )


class SummariesOut(Answer):
    """One page of posts."""

    posts: list[SummaryOut]
    page: int
    pages: int
    total: int

    @classmethod
    def of(cls, found: Numbered[Post], tags: dict[UUID, list[PostTag]], base: str) -> "SummariesOut":
        """`found`, as it goes out."""
        posts = [SummaryOut.of(post, tags.get(post.id, []), base) for post in found.items]
        return cls(posts=posts, page=found.page, pages=found.pages, total=found.total)


class ReadOut(SummaryOut):
    """A whole post, as everybody may see it."""

    image: Annotated[str | None, Field(description="The cover, else the first picture of the text.")]
    html: Annotated[str, Field(description="The text, cleaned: it may stand in a page as it is.")]
    meta_title: str
    meta_description: str
    updated_at: datetime

    @classmethod
    def of(cls, post: Post, tags: Sequence[PostTag], base: str) -> "ReadOut":
        """`post`, as it goes out."""
        summary = SummaryOut.of(post, tags, base)
        return cls(
            **{name: getattr(summary, name) for name in SummaryOut.model_fields},
            image=base + post.picture if post.picture else None,
            html=post.html,
            meta_title=post.meta_title or post.title,
            meta_description=post.meta_description or summary.excerpt,
            updated_at=post.changed_at,
        )


class PostIn(Body):
    """A new draft."""

    title: Title
    slug: Slug = ""
    excerpt: Excerpt = ""
    body: Text = ""
    category: Annotated[str, Field(max_length=60)] = ""
    tags: Tags = []
    cover_id: Cover = None
    cover_alt: Annotated[str, Field(max_length=LONGEST_ALT)] = ""
    author_name: Annotated[str, Field(max_length=80, description="Empty: who asks.")] = ""
    meta_title: Annotated[str, Field(max_length=120)] = ""
    meta_description: Annotated[str, Field(max_length=300)] = ""


class PostChange(Body):
    """What is to change; what is absent stays. `tags`, where given, are all there are."""

    title: Title = ""
    slug: Slug = ""
    excerpt: Excerpt = ""
    body: Text = ""
    category: Annotated[str, Field(max_length=60)] = ""
    tags: Tags = []
    cover_id: Cover = None
    cover_alt: Annotated[str, Field(max_length=LONGEST_ALT)] = ""
    author_name: Annotated[str, Field(max_length=80)] = ""
    meta_title: Annotated[str, Field(max_length=120)] = ""
    meta_description: Annotated[str, Field(max_length=300)] = ""
    revision: Seen = None


class ScheduleIn(Body):
    """When it publishes itself."""

    at: Annotated[AwareDatetime, Field(strict=False, examples=["2026-12-01T09:00:00Z"])]
    revision: Seen = None


class PostOut(Answer):
    """A post as staff and their programs see it."""

    id: UUID
    slug: str
    state: State
    title: str
    excerpt: str
    body: str
    category: str
    tags: list[str]
    cover_id: UUID | None
    cover_alt: str
    author_name: str
    author_id: UUID | None
    meta_title: str
    meta_description: str
    reading_minutes: int
    views: int
    revision: int
    published_at: datetime | None
    scheduled_for: datetime | None
    archived_at: datetime | None
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, post: Post, tags: Sequence[PostTag]) -> "PostOut":
        """`post`, as it goes out."""
        plain = {name: getattr(post, name) for name in cls.model_fields if name != "tags"}
        return cls(**plain, tags=[tag.name for tag in tags])
