"""What everybody reads of the blog: found by words, tag and category, newest first; and what stands beside a post."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.blog.models import Post, PostSlug, PostTag
from app.features.blog.service import KIND
from app.kernel import buffer, db, numbered, searching, tenancy
from app.kernel.columns import Id
from app.kernel.errors import NotFound
from app.kernel.filters import Reading, clean, parameter
from app.kernel.lists import Exact, Listing, Search, Sort, Words
from app.kernel.numbered import Numbered, NumberedQuery

SHOWN = sa.and_(Post.published_at.is_not(None), Post.archived_at.is_(None))
"""What makes everybody see it."""
MOST_TOPICS = 30
MOST_RELATED = 3
IN_THE_FEED = 20
VIEWS = "blog.views"
_TENANT = sa.bindparam("tenant", type_=Id())


@dataclass(frozen=True)
class Tagged:
    """The post has a tag."""

    name: str

    def read(self, given: str, _zone: str) -> Reading | None:
        """The tag as addresses say it."""
        said = clean(given)
        return Reading(said, bound=said) if said else None

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        """By the index of tags."""
        typed = sa.bindparam(parameter(self.name), type_=sa.Text())
        return Post.id.in_(sa.select(PostTag.post_id).where(PostTag.tenant_id == _TENANT, PostTag.key == typed))


POSTS = Listing(
    name="blog",
    here="/blog",
    model=Post,
    columns=(
        Post.id, Post.slug, Post.title, Post.summary, Post.category, Post.category_key, Post.author_name,
        Post.reading_minutes, Post.dated_at, Post.cover_id,
    ),
    where=(Post.published_at.is_not(None), Post.archived_at.is_(None)),
    filters=(Exact("category", Post.category_key), Tagged("tag")),
    search=Search("q", Words(KIND, Post.id)),
    sorts={"newest": Sort("Newest first", Post.dated_at, is_falling=True)},
)  # fmt: skip
ON_A_PAGE = 12


def find(slug: str) -> Post:
    """The post that everybody reads at this address, or whose address this once was: see `Post.slug`.

    Raises:
        NotFound: there is none, or it is published no more or not yet.
    """
    wanted = sa.select(Post).join(PostSlug, PostSlug.post_id == Post.id).where(PostSlug.slug == slug, SHOWN)
    found = db.session().scalar(wanted)
    if found is None:
        raise NotFound()
    return found


def published(query: NumberedQuery, *, search: str = "", tag: str = "", category: str = "") -> Numbered[Post]:
    """What everybody reads, newest first."""
    wanted = sa.select(Post).where(SHOWN)
    if search.strip():
        wanted = wanted.where(Post.id.in_(_with_words(search)))
    if tag:
        wanted = wanted.where(Post.id.in_(sa.select(PostTag.post_id).where(PostTag.key == tag)))
    if category:
        wanted = wanted.where(Post.category_key == category)
    return numbered.numbered(wanted.order_by(Post.dated_at.desc(), Post.id.desc()), query)


def _with_words(text: str) -> list[UUID]:
    return searching.record_ids(KIND, clean(text), limit=numbered.DEEPEST)


def newest(limit: int) -> list[Post]:
    """The last ones, for the feed."""
    wanted = sa.select(Post).where(SHOWN).order_by(Post.dated_at.desc(), Post.id.desc())
    return list(db.session().scalars(wanted.limit(limit)))


def addresses() -> sa.CompoundSelect[Any]:
    """Where each post, category and tag is, and when a post changed: for the map of the site."""
    changed = sa.case((Post.changed_at > Post.dated_at, Post.changed_at), else_=Post.dated_at)
    posts = sa.select((sa.literal("/blog/") + Post.slug).label("path"), changed.label("changed_at"))
    categories = sa.select(sa.literal("/blog?category=") + Post.category_key, sa.literal(None, db.UtcDateTime()))
    tags = sa.select(sa.literal("/blog?tag=") + PostTag.key, sa.literal(None, db.UtcDateTime()))
    return sa.union_all(
        posts.where(SHOWN),
        categories.where(SHOWN, Post.category_key != "").distinct(),
        tags.join(Post, Post.id == PostTag.post_id).where(SHOWN).distinct(),
    )


class Topic(NamedTuple):
    """A category or tag, and how many posts have it."""

    key: str
    name: str
    posts: int


def categories() -> list[Topic]:
    """Of what everybody reads, by name."""
    counted = sa.select(Post.category_key, sa.func.max(Post.category), sa.func.count())
    wanted = counted.where(SHOWN, Post.category_key != "").group_by(Post.category_key)
    found = db.session().execute(wanted.order_by(sa.func.count().desc(), Post.category_key).limit(MOST_TOPICS))
    return sorted((Topic(*row) for row in found), key=lambda topic: topic.name.casefold())


def tags() -> list[Topic]:
    """The most used ones of what everybody reads."""
    counted = sa.select(PostTag.key, sa.func.max(PostTag.name), sa.func.count())
    wanted = counted.join(Post, Post.id == PostTag.post_id).where(SHOWN).group_by(PostTag.key)
    return [
        Topic(*row)
        for row in db.session().execute(wanted.order_by(sa.func.count().desc(), PostTag.key).limit(MOST_TOPICS))
    ]


def tags_of(posts: Iterable[UUID]) -> dict[UUID, list[PostTag]]:
    """The tags of each. One query."""
    found: dict[UUID, list[PostTag]] = {}
    for tag in db.session().scalars(sa.select(PostTag).where(PostTag.post_id.in_(list(posts))).order_by(PostTag.id)):
        found.setdefault(tag.post_id, []).append(tag)
    return found


class Beside(NamedTuple):
    """What a reader may want next."""

    older: Post | None
    newer: Post | None
    related: Sequence[Post]


def beside(post: Post, tags: Sequence[PostTag]) -> Beside:
    """The neighbours in time, and the newest that share the most tags, or the category. Three queries."""
    here = sa.tuple_(sa.literal(post.dated_at, Post.dated_at.type), sa.literal(post.id, Id()))
    place = sa.tuple_(Post.dated_at, Post.id)
    older = sa.select(Post).where(SHOWN, place < here).order_by(Post.dated_at.desc(), Post.id.desc()).limit(1)
    newer = sa.select(Post).where(SHOWN, place > here).order_by(Post.dated_at, Post.id).limit(1)
    session = db.session()
    return Beside(session.scalar(older), session.scalar(newer), _related(post, [tag.key for tag in tags]))


def _related(post: Post, keys: Sequence[str]) -> list[Post]:
    shared = (
        sa.select(sa.func.count())
        .where(PostTag.post_id == Post.id, PostTag.key.in_(keys), PostTag.tenant_id == tenancy.current())
        .correlate(Post)
        .scalar_subquery()
    )
    alike = shared * 2 + sa.case((sa.and_(Post.category_key == post.category_key, Post.category_key != ""), 1), else_=0)
    wanted = sa.select(Post).where(SHOWN, Post.id != post.id, alike > 0)
    return list(db.session().scalars(wanted.order_by(alike.desc(), Post.dated_at.desc()).limit(MOST_RELATED)))


def note_view(post: Post) -> None:
    """Somebody read it; counted within a second."""
    buffer.add(VIEWS, (post.tenant_id, post.id))


@buffer.sink(VIEWS)
def _count_views(views: list[tuple[UUID, UUID]]) -> None:
    counts: dict[tuple[UUID, UUID], int] = {}
    for view in views:
        counts[view] = counts.get(view, 0) + 1
    with tenancy.across_tenants("buffer"), db.transaction() as session:
        for (tenant_id, post_id), count in sorted(counts.items()):
            mine = sa.update(Post).where(Post.tenant_id == tenant_id, Post.id == post_id)
            session.execute(mine.values(views=Post.views + count).execution_options(synchronize_session=False))
