"""What readers see: articles, those beside them, topics, tags, and which are read most."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.kb import rules
from app.features.kb.models import Article, Category, LivePage, PageTag
from app.kernel import db
from app.kernel.errors import NotFound

MOST_RELATED = 5
MOST_LISTED = 200
_IS_THERE = LivePage.number.is_not(None)


class Teaser(NamedTuple):
    """One article in a list."""

    article_id: UUID
    slug: str
    title: str
    summary: str
    minutes: int
    category_id: UUID | None


_TEASER = (
    LivePage.article_id, LivePage.slug, LivePage.title, LivePage.summary, LivePage.minutes, LivePage.category_id,
)  # fmt: skip


def page(slug: str) -> LivePage:
    """What stands at that address.

    Raises:
        NotFound: nothing that readers find.
    """
    found = db.session().scalar(sa.select(LivePage).where(LivePage.slug == slug[:200], _IS_THERE))
    if found is None:
        raise NotFound()
    return found


def author_of(article_id: UUID) -> str:
    """By which name the author is known; empty where nobody is."""
    joined = sa.and_(Article.author_id == User.id, Article.tenant_id == User.tenant_id)
    author = db.session().scalar(sa.select(User).join(Article, joined).where(Article.id == article_id))
    return author.name if author is not None and author.removed_at is None else ""


def related(found: LivePage) -> list[Teaser]:
    """Those with most tags in common, then those of the same topic that are read most. Two queries at most."""
    session, others = db.session(), LivePage.article_id != found.article_id
    near: list[Teaser] = []
    if found.tags:
        shared = (
            sa.select(PageTag.article_id, sa.func.count().label("shared"))
            .where(PageTag.tag.in_(found.tags))
            .group_by(PageTag.article_id)
            .subquery()
        )
        alike = sa.select(*_TEASER).join(shared, shared.c.article_id == LivePage.article_id).where(_IS_THERE, others)
        order = (shared.c.shared.desc(), LivePage.recent_views.desc(), LivePage.id)
        near = [Teaser(*row) for row in session.execute(alike.order_by(*order).limit(MOST_RELATED))]
    if len(near) < MOST_RELATED and found.category_id is not None:
        known = {one.article_id for one in near}
        same = sa.select(*_TEASER).where(LivePage.category_id == found.category_id, _IS_THERE, others)
        rows = session.execute(same.order_by(LivePage.recent_views.desc(), LivePage.id).limit(2 * MOST_RELATED))
        near += [one for row in rows if (one := Teaser(*row)).article_id not in known]
    return near[:MOST_RELATED]


def popular(limit: int = 10) -> list[Teaser]:
    """Those read most in the last 30 days, best first; where nothing was read, the newest."""
    wanted = sa.select(*_TEASER).where(_IS_THERE)
    return [Teaser(*row) for row in db.session().execute(
        wanted.order_by(LivePage.recent_views.desc(), LivePage.id.desc()).limit(limit)
    )]  # fmt: skip


def under(category_id: UUID) -> list[Teaser]:
    """The articles of one topic by title, `MOST_LISTED` at most."""
    wanted = sa.select(*_TEASER).where(LivePage.category_id == category_id, _IS_THERE)
    rows = db.session().execute(wanted.order_by(LivePage.title_key, LivePage.id).limit(MOST_LISTED))
    return [Teaser(*row) for row in rows]


def tagged(tag: str) -> list[Teaser]:
    """The articles with that tag by title, `MOST_LISTED` at most."""
    joined = sa.and_(PageTag.article_id == LivePage.article_id, PageTag.tenant_id == LivePage.tenant_id)
    wanted = sa.select(*_TEASER).join(PageTag, joined).where(PageTag.tag == rules.tag(tag), _IS_THERE)
    rows = db.session().execute(wanted.order_by(LivePage.title_key, LivePage.id).limit(MOST_LISTED))
    return [Teaser(*row) for row in rows]


def newest(limit: int = 50) -> list[LivePage]:
    """Those whose words changed last, for feeds."""
    wanted = sa.select(LivePage).where(_IS_THERE).order_by(LivePage.updated_at.desc(), LivePage.id.desc())
    return list(db.session().scalars(wanted.limit(limit)))


def addresses() -> sa.CompoundSelect[Any]:
    """Where each article, topic and tag is, and when an article changed: for the map of the site."""
    articles = sa.select((sa.literal("/help/") + LivePage.slug).label("path"), LivePage.updated_at.label("changed_at"))
    filled = sa.exists().where(LivePage.category_id == Category.id, LivePage.tenant_id == Category.tenant_id, _IS_THERE)
    topics = sa.select(sa.literal("/help/topics/") + Category.slug, sa.literal(None, db.UtcDateTime()))
    tags = sa.select(sa.literal("/help/tags/") + PageTag.tag, sa.literal(None, db.UtcDateTime()))
    return sa.union_all(articles.where(_IS_THERE), topics.where(filled), tags.distinct())


def some(article_ids: Collection[UUID]) -> dict[UUID, Teaser]:
    """Those of these that readers find, by their articles."""
    if not article_ids:
        return {}
    wanted = sa.select(*_TEASER).where(LivePage.article_id.in_(article_ids), _IS_THERE)
    return {row.article_id: Teaser(*row) for row in db.session().execute(wanted)}


def listed(
    page: int, limit: int, *, category_id: UUID | None = None, tag: str | None = None
) -> tuple[list[Teaser], int]:
    """One page of all articles by title, and how many there are."""
    conditions: list[sa.ColumnElement[bool]] = [_IS_THERE]
    if category_id is not None:
        conditions.append(LivePage.category_id == category_id)
    if tag is not None:
        conditions.append(LivePage.article_id.in_(sa.select(PageTag.article_id).where(PageTag.tag == tag)))
    session, counted = db.session(), sa.select(sa.func.count()).select_from(LivePage).where(*conditions)
    wanted = sa.select(*_TEASER).where(*conditions).order_by(LivePage.title_key, LivePage.id)
    rows = session.execute(wanted.limit(limit).offset((page - 1) * limit))
    return [Teaser(*row) for row in rows], session.scalar(counted) or 0
