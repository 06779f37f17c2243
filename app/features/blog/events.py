"""What can happen to a post."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class PostPublished(Event):
    """Everybody can read a post from now on, at `url`."""

    name: ClassVar[str] = "post.published"
    resource: ClassVar[str] = "post"
    example: ClassVar[Mapping[str, Any]] = {
        "postId": "01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60",
        "slug": "a-second-data-centre",
        "title": "A second data centre",
        "url": "https://portal.example.com/blog/a-second-data-centre",
        "category": "News",
        "publishedAt": "2026-11-20T13:22:00+00:00",
    }

    post_id: UUID
    slug: str
    title: str
    url: str
    category: str
    published_at: datetime
