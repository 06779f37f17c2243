"""Publishing: what readers see of an article, now, at its time, and no longer."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.kb import addresses, index, mails, spelling
from app.features.kb.events import ArticlePublished
from app.features.kb.models import Article, LivePage, PageTag
from app.features.kb.service import KIND, lock, lock_to_work
from app.features.kb.words import indexed
from app.kernel import clock, db, markdown
from app.kernel.errors import Invalid
from app.kernel.events import publish as tell
from app.kernel.markdown import Rendered

LONGEST_SUMMARY = 180
FARTHEST = timedelta(days=2 * 366)


def publish(article: Article) -> None:
    """Let readers see what is written, at once. The search finds it from this transaction on.

    Those who asked for a review are told.

    Raises:
        Archived: take it back first.
        Invalid: it has no text.
    """
    lock_to_work(article)
    _check_text(article)
    known, now, was_asked = _page_of(article.id), clock.now(), article.state == "review"
    _draw(known or LivePage(article_id=article.id, created_at=now), article)
    article.state, article.published_at, article.published_revision = "published", now, article.revision
    article.publish_at, article.review_note, article.sent_back_by = None, "", None
    db.session().flush()
    if was_asked:
        mails.tell_published(article)
    tell(ArticlePublished(article.id, article.slug, article.title, is_first=known is None))


def _check_text(article: Article) -> None:
    if not article.body.strip():
        raise Invalid.field("body", "Write something before you publish it.")


def _draw(page: LivePage, article: Article) -> None:
    """Bring what readers see, and what finds it, in step with what is written."""
    was_known = _words_of(page)
    rendered = drawn(article.body)
    addresses.moved(article, was=page.slug or "")
    page.slug, page.title, page.title_key = article.slug, article.title, article.title_key
    page.category_id, page.tags, page.seo_title = article.category_id, list(article.tags), article.seo_title
    page.html, page.plain = str(rendered.html), rendered.plain
    page.contents = [[one.level, one.text, one.anchor] for one in rendered.contents]
    page.summary = article.summary or _beginning(rendered.plain)
    page.minutes = rendered.minutes
    page.updated_at = clock.now()
    page.number = _put(page)
    db.session().add(page)
    db.session().flush()
    _tag(article.id, page.tags)
    known = _words_of(page)
    spelling.move(was_known - known, known - was_known)


def _put(page: LivePage) -> int:
    return index.put(page.number, title=page.title, tags=page.tags, body=f"{page.summary} {page.plain}")


def mend() -> int:
    """Write the words anew that the search does not find (`index.unmarked`). How many articles' there were."""
    numbers = index.unmarked()
    pages = db.session().scalars(sa.select(LivePage).where(LivePage.number.in_(numbers))).all() if numbers else ()
    for page in pages:
        page.number = _put(page)
    db.session().flush()
    return len(pages)


def drawn(body: str) -> Rendered:
    """The text as readers see it.

    Raises:
        Invalid: it cannot be shown; names the field.
    """
    try:
        return markdown.render(body)
    except Invalid as refusal:
        raise Invalid.field("body", refusal.text) from refusal


def _words_of(page: LivePage) -> set[str]:
    """What is known of it to those who mistype; nothing while nobody finds it."""
    if page.number is None:
        return set()
    return spelling.kept(set(indexed(f"{page.title} {' '.join(page.tags)} {page.summary} {page.plain}")))


def _beginning(plain: str) -> str:
    text = " ".join(plain.split())
    return text if len(text) <= LONGEST_SUMMARY else text[:LONGEST_SUMMARY].rpartition(" ")[0] + " …"


def _tag(article_id: UUID, tags: Collection[str]) -> None:
    session = db.session()
    known = set(session.scalars(sa.select(PageTag.tag).where(PageTag.article_id == article_id)))
    gone = known.difference(tags)
    if gone:
        session.execute(sa.delete(PageTag).where(PageTag.article_id == article_id, PageTag.tag.in_(gone)))
    session.add_all([PageTag(article_id=article_id, tag=tag) for tag in tags if tag not in known])
    session.flush()


def _page_of(article_id: UUID) -> LivePage | None:
    return db.session().scalar(sa.select(LivePage).where(LivePage.article_id == article_id))


def schedule(article: Article, at: datetime) -> None:
    """Let it be published by itself at `at`, as it is written then.

    Raises:
        Archived: take it back first.
        Invalid: the moment is past, or too far away; it has no text.
    """
    lock_to_work(article)
    now = clock.now()
    if not now < at <= now + FARTHEST:
        raise Invalid.field("publish_at", "A moment in the next two years.")
    _check_text(article)
    article.publish_at = at
    db.session().flush()
    audit.record("ARTICLE_SCHEDULED", resource_type=KIND, resource_id=article.id)


def unschedule(article: Article) -> None:
    """Do not publish it by itself. Safe to repeat."""
    lock(article)
    if article.publish_at is not None:
        article.publish_at = None
        db.session().flush()
        audit.record("ARTICLE_UNSCHEDULED", resource_type=KIND, resource_id=article.id)


def archive(article: Article) -> None:
    """Let nobody find it any more; everything of it is kept. Safe to repeat."""
    lock(article)
    if article.is_archived:
        return
    page = _page_of(article.id)
    if page is not None and page.number is not None:
        known = _words_of(page)
        index.drop(page.number)
        page.number = None
        _tag(article.id, ())
        spelling.move(known, ())
    article.state, article.publish_at, article.published_at, article.published_revision = "archived", None, None, None
    db.session().flush()
    audit.record("ARTICLE_ARCHIVED", resource_type=KIND, resource_id=article.id)


def take_back(article: Article) -> None:
    """Work on an archived article again, as a draft. Safe to repeat."""
    lock(article)
    if article.is_archived:
        article.state = "draft"
        db.session().flush()
        audit.record("ARTICLE_TAKEN_BACK", resource_type=KIND, resource_id=article.id)


def due(at: datetime, *, limit: int = 200) -> list[tuple[UUID, UUID]]:
    """Tenant and article of those whose time has come, the longest due first: `limit` of them at most."""
    wanted = sa.select(Article.tenant_id, Article.id).where(Article.publish_at <= at)
    return [(row[0], row[1]) for row in db.session().execute(wanted.order_by(Article.publish_at).limit(limit))]


def publish_due(article_id: UUID, at: datetime) -> None:
    """Publish one whose time has come; nothing where somebody was faster, or changed their mind.

    Raises:
        Invalid: it cannot be shown.
    """
    article = _if_due(article_id, at)
    if article is not None:
        publish(article)


def give_up(article_id: UUID, at: datetime) -> None:
    """Try no more to publish one that cannot be: it stays as it is, and staff see that it is not published."""
    article = _if_due(article_id, at)
    if article is not None:
        unschedule(article)


def _if_due(article_id: UUID, at: datetime) -> Article | None:
    return db.session().scalar(
        sa.select(Article).where(Article.id == article_id, Article.publish_at <= at).with_for_update()
    )
