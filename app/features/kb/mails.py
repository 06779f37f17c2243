"""The mails of this room: asking those who may publish to read an article over, telling its writers what came of it.

Each time is told once: whoever changes the state holds the article's row.
"""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.kb.models import Article, LivePage, Version
from app.features.messages import service as messages
from app.features.messages.kinds import KINDS, Facts, Kind
from app.features.messages.models import EmailMessage
from app.features.tenants import service as tenants
from app.kernel import db
from app.kernel.access import Role, actor
from app.kernel.ids import new_id

ASKED, SENT_BACK, PUBLISHED = "article_review_asked", "article_sent_back", "article_published"


def tell_reviewers(article: Article) -> None:
    """One mail to each who may publish, but for whoever asks and the author."""
    others = {article.author_id, actor().user_id} - {None}
    _tell(ASKED, article, User.staff_role >= Role.ADMIN, User.id.not_in(others))


def tell_sent_back(article: Article) -> None:
    """One mail to each who wrote it: it needs more work, and why."""
    _tell(SENT_BACK, article, User.id.in_(_writers(article)))


def tell_published(article: Article) -> None:
    """One mail to each who wrote it: readers see it."""
    _tell(PUBLISHED, article, User.id.in_(_writers(article)))


def _tell(template: str, article: Article, *whom: sa.ColumnElement[bool]) -> None:
    time = new_id()
    people = sa.select(User).where(User.staff_role.is_not(None), User.disabled_at.is_(None), *whom).order_by(User.id)
    for user in db.session().scalars(people):
        messages.queue(template, to_user=user, subject_type="kb_article", subject_id=article.id, fact=time)


def _writers(article: Article) -> Collection[UUID]:
    """Its author and whoever saved the present words, but not the person who acts now."""
    return {one for one in (article.author_id, _last(article)) if one is not None and one != actor().user_id}


def _last(article: Article) -> UUID | None:
    wanted = sa.select(Version.author_id).where(Version.article_id == article.id, Version.revision == article.revision)
    return db.session().scalar(wanted)


def name_of(user_id: UUID | None) -> str:
    """By which name somebody is known; empty where nobody is."""
    user = db.session().get(User, user_id) if user_id is not None else None
    return user.name if user is not None and user.removed_at is None else ""


def _facts(message: EmailMessage) -> Facts:
    """The article `subject_id` as it is by now, and where it is read and worked on."""
    article = db.session().get_one(Article, message.subject_id)
    slug = db.session().scalar(sa.select(LivePage.slug).where(LivePage.article_id == article.id))
    house = tenants.base_url(tenants.current())
    return {
        "title": article.title,
        "writer": name_of(_last(article)),
        "reviewer": name_of(article.sent_back_by),
        "note": article.review_note,
        "desk_url": f"{house}/admin/kb/{article.id}",
        "help_url": f"{house}/help/{slug}" if slug else "",
    }


KINDS[ASKED] = Kind("Article to read over", "Somebody asked for a review", facts=_facts)
KINDS[SENT_BACK] = Kind("Article sent back", "A review ended: it needs more work", facts=_facts)
KINDS[PUBLISHED] = Kind("Article published", "A review ended: it was published", facts=_facts)
