"""The list of posts for staff."""

import sqlalchemy as sa

from app.features.blog.models import Post, PostTag
from app.features.blog.reading import SHOWN, Tagged, Topic
from app.features.blog.service import KIND
from app.kernel import db
from app.kernel.lists import Choice, Exact, Listing, Search, Sort, Words

_KEPT = Post.archived_at.is_(None)
STATES = {
    "draft": sa.and_(Post.published_at.is_(None), Post.scheduled_for.is_(None), _KEPT),
    "scheduled": sa.and_(Post.scheduled_for.is_not(None), _KEPT),
    "published": SHOWN,
    "archived": Post.archived_at.is_not(None),
}
POSTS = Listing(
    name="posts",
    here="/admin/blog",
    model=Post,
    columns=(
        Post.id, Post.title, Post.slug, Post.category, Post.author_name, Post.views, Post.published_at,
        Post.scheduled_for, Post.archived_at, Post.dated_at, Post.changed_at,
    ),
    filters=(
        Choice("state", STATES),
        Exact("category", Post.category_key),
        Tagged("tag"),
        Exact("author", Post.author_name),
    ),
    search=Search("q", Words(KIND, Post.id)),
    sorts={
        "newest": Sort("Newest first", Post.dated_at, is_falling=True),
        "changed": Sort("Last changed first", Post.changed_at, is_falling=True),
        "views": Sort("Most read first", Post.views, is_falling=True),
        "title": Sort("By title", Post.title_key),
    },
)  # fmt: skip
MOST_CHOICES = 100


def categories() -> list[Topic]:
    """All that posts have, drafts among them, by name."""
    counted = sa.select(Post.category_key, sa.func.max(Post.category), sa.func.count()).where(Post.category_key != "")
    found = db.session().execute(counted.group_by(Post.category_key).order_by(Post.category_key).limit(MOST_CHOICES))
    return [Topic(*row) for row in found]


def tags() -> list[Topic]:
    """The same of tags."""
    counted = sa.select(PostTag.key, sa.func.max(PostTag.name), sa.func.count()).group_by(PostTag.key)
    return [Topic(*row) for row in db.session().execute(counted.order_by(PostTag.key).limit(MOST_CHOICES))]


def authors() -> list[str]:
    """Whose names stand on posts."""
    wanted = sa.select(Post.author_name).where(Post.author_name != "").distinct()
    return list(db.session().scalars(wanted.order_by(Post.author_name).limit(MOST_CHOICES)))
