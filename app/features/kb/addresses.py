"""The addresses of articles: made of titles, unique, and kept when they change."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from app.features.kb import words
from app.features.kb.models import Article, LivePage, Redirect
from app.kernel import db
from app.kernel.errors import Invalid

LONGEST = 100
RESERVED = frozenset({"search", "topics", "tags"})
"""What other pages of the help centre are called."""
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TAKEN = "Another article has this address."


def chosen(given: str, *, title: str, own: Article | None = None) -> str:
    """The slug that was given, or one made of the title that nobody has.

    Raises:
        Invalid: it is given, and cannot be or is taken.
    """
    slug = given.strip().lower()
    if not slug:
        return _made(words.slug(title) or "article")
    if own is not None and slug == own.slug:
        return slug
    if len(slug) > LONGEST or not _SLUG.fullmatch(slug):
        raise Invalid.field("slug", "Small letters, digits and hyphens, at most 100.")
    if slug in RESERVED or slug in _taken([slug], own):
        raise Invalid.field("slug", _TAKEN, code="slug_taken")
    return slug


def _made(wish: str) -> str:
    """The wish, or the wish with the first number that is free."""
    start = 1
    while True:
        tries = [wish if number == 1 else f"{wish}-{number}" for number in range(start, start + 50)]
        taken = _taken(tries, None) | RESERVED
        free = next((slug for slug in tries if slug not in taken), None)
        if free is not None:
            return free
        start += 50


def _taken(slugs: Iterable[str], own: Article | None) -> set[str]:
    """Those that another article has, or that readers know it by. What it had once may be taken over."""
    wanted, session = list(slugs), db.session()
    written = sa.select(Article.slug).where(Article.slug.in_(wanted))
    live = sa.select(LivePage.slug).where(LivePage.slug.in_(wanted))
    if own is not None:
        written, live = written.where(Article.id != own.id), live.where(LivePage.article_id != own.id)
    return {*session.scalars(written), *session.scalars(live)}


@contextmanager
def held() -> Iterator[None]:
    """Write an article inside. The unique key decides, so that of two at once one is refused and nothing of it kept.

    Raises:
        Invalid: somebody took the slug a moment ago.
    """
    try:
        with db.session().begin_nested():
            yield
    except sa.exc.IntegrityError as problem:
        raise Invalid.field("slug", _TAKEN, code="slug_taken") from problem


def moved(article: Article, *, was: str) -> None:
    """Readers who know the old address are led to the new one."""
    session = db.session()
    session.execute(sa.delete(Redirect).where(Redirect.slug == article.slug))
    if was != article.slug and was:
        session.add(Redirect(slug=was, article_id=article.id))
    session.flush()


def led_from(slug: str) -> str | None:
    """The present address of the article that once had this one, if readers find it."""
    wanted = (
        sa.select(LivePage.slug)
        .join(Redirect, sa.and_(Redirect.article_id == LivePage.article_id, Redirect.tenant_id == LivePage.tenant_id))
        .where(Redirect.slug == slug, LivePage.number.is_not(None))
    )
    return db.session().scalar(wanted)
