"""What staff learn from readers: what is read, what helps, what is looked for in vain, what has grown old."""

from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.kb import counting
from app.features.kb.models import LivePage, ReadingDay, SearchDay, Vote
from app.kernel import clock, db

DAYS = counting.RECENT.days
STALE = timedelta(days=365)
"""Words that nobody has looked at for so long are to be read over."""
MOST = 15
FEWEST_VOTES = 3


class Searched(NamedTuple):
    """What was looked for, in all of the days."""

    words: str
    searches: int
    misses: int
    clicks: int


class Told(NamedTuple):
    """One article and what readers did with it."""

    article_id: UUID
    title: str
    times: int
    detail: str = ""


class Sums(NamedTuple):
    """All articles together, over the last `DAYS` days where they have days."""

    articles: int
    views: int
    yes_votes: int
    votes: int
    searches: int
    misses: int
    unclicked: int


def sums() -> Sums:
    """Three queries over small or indexed tables."""
    session, since = db.session(), _since()
    total = sa.func.coalesce
    pages = session.execute(
        sa.select(
            sa.func.count(),
            total(sa.func.sum(LivePage.yes_votes), 0),
            total(sa.func.sum(LivePage.yes_votes + LivePage.no_votes), 0),
        ).where(LivePage.number.is_not(None))
    ).one()
    views = session.scalar(sa.select(total(sa.func.sum(ReadingDay.views), 0)).where(ReadingDay.day > since))
    looked = session.execute(
        sa.select(total(sa.func.sum(SearchDay.searches), 0), total(sa.func.sum(SearchDay.misses), 0),
                  total(sa.func.sum(SearchDay.clicks), 0)).where(SearchDay.day > since)
    ).one()  # fmt: skip
    unclicked = max(0, int(looked[0]) - int(looked[1]) - int(looked[2]))
    return Sums(pages[0], int(views or 0), int(pages[1]), int(pages[2]), int(looked[0]), int(looked[1]), unclicked)


def _since() -> date:
    return clock.now().date() - counting.RECENT


def _searched(having: Any, order: Any) -> list[Searched]:
    columns = [sa.func.sum(column) for column in (SearchDay.searches, SearchDay.misses, SearchDay.clicks)]
    wanted = sa.select(SearchDay.words, *columns).where(SearchDay.day > _since()).group_by(SearchDay.words)
    rows = db.session().execute(wanted.having(having).order_by(order, SearchDay.words).limit(MOST))
    return [Searched(row[0], int(row[1]), int(row[2]), int(row[3])) for row in rows]


def in_vain() -> list[Searched]:
    """What was looked for and not found, most often first."""
    missed = sa.func.sum(SearchDay.misses)
    return _searched(missed > 0, missed.desc())


def without_click() -> list[Searched]:
    """What was found, and nothing of it opened."""
    found = sa.func.sum(SearchDay.searches) - sa.func.sum(SearchDay.misses)
    left = found - sa.func.sum(SearchDay.clicks)
    return _searched(left > 0, left.desc())


def read_most() -> list[Told]:
    """Articles by how often they were read of late."""
    wanted = sa.select(LivePage.article_id, LivePage.title, LivePage.recent_views).where(
        LivePage.number.is_not(None), LivePage.recent_views > 0
    )
    rows = db.session().execute(wanted.order_by(LivePage.recent_views.desc(), LivePage.id.desc()).limit(MOST))
    return [Told(*row) for row in rows]


def helped_least() -> list[Told]:
    """Articles that many said did not help, of those with some votes."""
    votes = LivePage.yes_votes + LivePage.no_votes
    wanted = sa.select(LivePage.article_id, LivePage.title, LivePage.yes_votes, votes).where(
        LivePage.number.is_not(None), votes >= FEWEST_VOTES, LivePage.no_votes > 0
    )
    rows = db.session().execute(
        wanted.order_by((LivePage.yes_votes * 100 / votes), votes.desc(), LivePage.id).limit(MOST)
    )
    return [Told(row[0], row[1], row[3], f"{row[2]:,} of {row[3]:,} said yes") for row in rows]


def stale() -> list[LivePage]:
    """Articles whose words are older than a year, the oldest first."""
    wanted = sa.select(LivePage).where(LivePage.number.is_not(None), LivePage.updated_at < clock.now() - STALE)
    return list(db.session().scalars(wanted.order_by(LivePage.updated_at, LivePage.id).limit(MOST)))


def of_article(article_id: UUID) -> tuple[LivePage | None, list[Vote]]:
    """What readers see of one article with its counts, and what they wrote of it last."""
    session = db.session()
    page = session.scalar(sa.select(LivePage).where(LivePage.article_id == article_id))
    said = sa.select(Vote).where(Vote.article_id == article_id, Vote.comment != "")
    return page, list(session.scalars(said.order_by(Vote.created_at.desc(), Vote.id.desc()).limit(20)))
