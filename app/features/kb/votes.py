"""Whether an article helped: one vote a visitor, the last word counts."""

from uuid import UUID

import sqlalchemy as sa

from app.features.kb import rules
from app.features.kb.models import LivePage, Vote
from app.kernel import crypto, db, limits, tenancy
from app.kernel.errors import NotFound
from app.kernel.texts import checked

STRANGERS = "5/day"
"""Votes of one article that strangers of one network may add: whoever drops their cookie is somebody else to us."""


def voter(*, user_id: UUID | None = None, visit: str = "", network: str = "") -> str:
    """Who votes: the login, else the visit that a cookie remembers, else (programs have no cookies) the network.

    A keyed hash of this tenant, so that it leads back to nobody. What a browser calls itself says nothing: anybody can
    call it otherwise.
    """
    who = f"user:{user_id}" if user_id is not None else f"visit:{visit}" if visit else f"network:{network}"
    return crypto.mac(f"kb-vote/{tenancy.current()}", who.encode()).hex()[:64]


def vote(
    article_id: UUID,
    *,
    voter: str,
    is_helpful: bool,
    comment: str = "",
    user_id: UUID | None = None,
    network: str = "",
    before: str = "",
) -> LivePage:
    """Count what somebody says of an article; said again, it takes the place of what they said before.

    `before` is who they were to us until they signed in: what they said then is theirs now. `network` is where a
    stranger comes from, whose votes are counted.

    Raises:
        NotFound: readers find no such article.
        Invalid: the comment is too long.
        TooMany: strangers of that network have said enough of this article today.
    """
    comment = checked(rules.VOTE, {"comment": comment})["comment"]
    session = db.session()
    page = session.scalar(  # its lock lets two votes of one visitor follow each other
        sa.select(LivePage)
        .where(LivePage.article_id == article_id, LivePage.number.is_not(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if page is None:
        raise NotFound()
    known = of(article_id, voter=voter) or (of(article_id, voter=before) if before else None)
    if known is None:
        if network:
            limits.hit(STRANGERS, "kb-vote", str(article_id), network)
        known = Vote(article_id=article_id, voter=voter, user_id=user_id, is_helpful=is_helpful)
        session.add(known)
        _count(page, is_helpful, 1)
    elif known.is_helpful != is_helpful:
        _count(page, known.is_helpful, -1)
        _count(page, is_helpful, 1)
    known.voter, known.user_id = voter, user_id
    known.is_helpful, known.comment = is_helpful, comment or (known.comment or "")
    session.flush()
    return page


def of(article_id: UUID, *, voter: str) -> Vote | None:
    """What that visitor said of it, if anything."""
    return db.session().scalar(sa.select(Vote).where(Vote.article_id == article_id, Vote.voter == voter))


def _count(page: LivePage, is_helpful: bool, by: int) -> None:
    if is_helpful:
        page.yes_votes += by
    else:
        page.no_votes += by
