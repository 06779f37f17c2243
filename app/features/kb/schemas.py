"""Articles as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from markupsafe import escape
from pydantic import Field

from app.features.kb import rules
from app.features.kb.finding import LAST_PAGE, Pieces
from app.features.kb.models import Article, Category, LivePage
from app.features.kb.reading import Teaser
from app.features.kb.service import Words
from app.features.kb.words import LONGEST_QUESTION
from app.kernel.schemas import Answer, Body, Query


class ArticlesQuery(Query):
    """What is looked for."""

    q: Annotated[str, Field(max_length=LONGEST_QUESTION, description="Words; their beginnings suffice.")] = ""
    category: Annotated[str, Field(max_length=200, description="The slug of a topic.")] = ""
    tag: Annotated[str, Field(max_length=200)] = ""
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1


class PopularQuery(Query):
    """How many."""

    limit: Annotated[int, Field(ge=1, le=50)] = 10


class TeaserOut(Answer):
    """One article in a list."""

    id: UUID
    slug: str
    title: str
    summary: str
    category: str
    """The slug of its topic; empty where it has none."""
    minutes: int

    @classmethod
    def of(cls, one: Teaser, topics: dict[UUID, Category]) -> "TeaserOut":
        """One of a list."""
        topic = topics.get(one.category_id) if one.category_id else None
        return cls(
            id=one.article_id, slug=one.slug, title=one.title, summary=one.summary, minutes=one.minutes,
            category=topic.slug if topic else "",
        )  # fmt: skip


class HitOut(TeaserOut):
    """One article that was found; `title_html` and `snippet_html` are escaped, with `<mark>` round what was found."""

    title_html: str
    snippet_html: str

    @classmethod
    def marking(cls, one: Teaser, topics: dict[UUID, Category], *, title: Pieces, snippet: Pieces) -> "HitOut":
        """One of a list, with what was found in it."""
        return cls(**TeaserOut.of(one, topics).model_dump(), title_html=_marked(title), snippet_html=_marked(snippet))


def _marked(pieces: Pieces) -> str:
    """The pieces as HTML: each escaped first, marked second."""
    return "".join(f"<mark>{escape(text)}</mark>" if is_hit else str(escape(text)) for text, is_hit in pieces)


class ArticlesOut(Answer):
    """One page of what was found, best first; without words, by title."""

    articles: list[HitOut]
    page: int
    total: int
    """How many there are; of a search, how many were ranked: 1,000 at most."""
    has_more: bool
    corrected: str
    """What was looked for instead, where nobody knows a word; else empty."""


class HeadingOut(Answer):
    """One line of the contents."""

    level: int
    text: str
    anchor: str


class ArticleOut(Answer):
    """One article as readers see it."""

    id: UUID
    slug: str
    url: str
    title: str
    summary: str
    category: str
    tags: list[str]
    html: str
    """Sanitised: nothing in it runs or loads from elsewhere."""
    contents: list[HeadingOut]
    minutes: int
    author: str
    published_at: datetime
    updated_at: datetime
    views: int
    helpful: int
    votes: int
    related: list[TeaserOut]


class VoteIn(Body):
    """Whether it helped."""

    helpful: bool
    comment: Annotated[str, Field(max_length=rules.LONGEST_COMMENT)] = ""


class VoteOut(Answer):
    """How many said so."""

    helpful: int
    votes: int

    @classmethod
    def of(cls, page: LivePage) -> "VoteOut":
        """The counts of one article."""
        return cls(helpful=page.yes_votes, votes=page.votes)


class ArticleIn(Body):
    """What is written; readers see it with `publish`, or later."""

    title: Annotated[str, Field(min_length=1, max_length=rules.LONGEST_TITLE, examples=["Set up mail on iPhone"])]
    body: Annotated[str, Field(max_length=rules.LONGEST_BODY, description="Markdown.")] = ""
    slug: Annotated[str, Field(max_length=100, description="Empty: made of the title, or kept.")] = ""
    category: Annotated[str, Field(max_length=100, description="The slug of a topic.")] = ""
    tags: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=rules.MOST_TAGS)] = []
    summary: Annotated[str, Field(max_length=rules.LONGEST_SUMMARY)] = ""
    seo_title: Annotated[str, Field(max_length=rules.LONGEST_TITLE)] = ""
    publish: Annotated[bool, Field(description="Let readers see it at once. For admins.")] = False

    def words(self, category_id: UUID | None) -> Words:
        """As the service takes it."""
        return Words(
            title=self.title, body=self.body, summary=self.summary, seo_title=self.seo_title, tags=tuple(self.tags),
            slug=self.slug, category_id=category_id,
        )  # fmt: skip


class ArticleChange(ArticleIn):
    """The same, for one that is there."""

    revision: Annotated[int, Field(ge=1, description="The one that was read before: a newer one is a conflict.")]


class DraftOut(Answer):
    """One article as staff see it."""

    id: UUID
    slug: str
    title: str
    body: str
    summary: str
    seo_title: str
    category_id: UUID | None
    tags: list[str]
    state: Literal["draft", "review", "published", "archived"]
    is_live: bool
    has_changes: bool
    revision: int
    published_at: datetime | None
    publish_at: datetime | None
    changed_at: datetime

    @classmethod
    def of(cls, article: Article) -> "DraftOut":
        """As it is stored."""
        return cls.model_validate({name: getattr(article, name) for name in cls.model_fields})


class WordsOut(Answer):
    """What was looked for."""

    words: str
    searches: int
    misses: int
    clicks: int


class StatsOut(Answer):
    """The last 30 days."""

    articles: int
    views: int
    helpful: int
    votes: int
    searches: int
    searches_in_vain: int
    searches_without_click: int
    in_vain: list[WordsOut]
    without_click: list[WordsOut]
