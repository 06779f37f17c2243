"""The addresses of articles: made of titles, unique, and kept when they change."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import sqlalchemy as sa

from app.features.kb.models import Article, LivePage, Redirect
from app.kernel import db, slugs
from app.kernel.errors import Invalid
from app.kernel.texts import checked

RESERVED = frozenset({"search", "topics", "tags"})
"""What other pages of the help centre are called."""
AT_ONCE = 50
"""So many slugs are looked for with one query."""
_TAKEN = "Another article has this address."


def chosen(given: str, *, title: str, own: Article | None = None) -> str:
    """The slug that was given; without one, that of the `own` article, and for a new one it is made of the title.

    Raises:
        Invalid: the given one cannot be, or is taken.
    """
    wanted = given.strip().lower()
    if own is not None and wanted in {"", own.slug}:
        return own.slug
    if not wanted:
        return _made(slugs.made_of(title, fallback="article"))
    slug: str = checked({"slug": slugs.checked}, {"slug": wanted})["slug"]
    if slug in RESERVED or _taken([slug], own):
        raise Invalid.field("slug", _TAKEN, code="slug_taken")
    return slug


def _made(wanted: str) -> str:
    """The wanted one, or that with the first number that is free."""
    tries = slugs.tries(wanted)
    while True:
        some = list(islice(tries, AT_ONCE))
        taken = _taken(some, None) | RESERVED
        free = next((slug for slug in some if slug not in taken), None)
        if free is not None:
            return free


def _taken(wanted: Sequence[str], own: Article | None) -> set[str]:
    """Those that another article has, or that readers know it by. What it had once may be taken over."""
    session = db.session()
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
