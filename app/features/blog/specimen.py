"""Posts in each state, made through the service."""

from datetime import timedelta
from typing import Any

from app.features.accounts import specimen as accounts
from app.features.blog import service
from app.features.blog.models import Post
from app.kernel import clock
from app.kernel.access import Principal, Role

SHOWN = {"blog_posts": "published_at IS NOT NULL"}


def make(who: Principal, tag: str = "specimen", **given: Any) -> Post:
    """A draft called after `tag`."""
    said = {"title": f"{tag.title()} news", "body": f"## What is new\n\nAll about {tag}.", "category": f"class {tag}"}
    return service.create(who, **(said | {"tags": [f"{tag} tag", "hosting"]} | given))


def in_house(tag: str) -> None:
    """Two that are published, one that will be, one that was, one draft."""
    who = accounts.principal_of(accounts.make_staff(Role.ADMIN, f"{tag}-author"))
    service.publish(make(who, tag))
    service.publish(make(who, f"{tag}-more"))
    service.schedule(make(who, f"{tag}-soon"), clock.now() + timedelta(days=3))
    gone = make(who, f"{tag}-gone")
    service.publish(gone)
    service.archive(gone)
    make(who, f"{tag}-draft")
