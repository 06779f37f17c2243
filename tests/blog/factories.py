"""Posts, as tests need them."""

from datetime import timedelta
from typing import Any

from app.features.accounts.models import User
from app.features.blog import service
from app.features.blog.models import Post
from app.kernel import clock, db
from tests.support.cast import principal_of


def make_post(by: User, title: str = "A second data centre", *, days_ago: int | None = 1, **given: Any) -> Post:
    """A post by somebody, published so many days ago; a draft where that is None."""
    said = {"body": "## Where\n\nIn Bristol, by the **river**.\n\n## Why\n\nBecause one is none.", "category": "News"}
    post = service.create(principal_of(by), title=title, **(said | {"tags": ["Hosting", "Bristol"]} | given))
    if days_ago is not None:
        service.publish(post, at=clock.now() - timedelta(days=days_ago))
    db.session().flush()
    return post
