"""What can happen to an article that others should know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class ArticlePublished(Event):
    """Readers see an article, for the first time or with other words."""

    name: ClassVar[str] = "article.published"
    resource: ClassVar[str] = "kb_article"
    example: ClassVar[Mapping[str, Any]] = {
        "articleId": "0199d1f0-2222-7000-8000-000000000001",
        "slug": "set-up-mail-on-iphone",
        "title": "Set up mail on iPhone and iPad",
        "isFirst": True,
    }

    article_id: UUID
    slug: str
    title: str
    is_first: bool
    """Whether nobody could read it before."""
