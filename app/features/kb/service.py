"""Writing articles: made, changed, read over, brought back. What readers see of them is `publishing`'s."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.files import service as files
from app.features.kb import addresses, mails, rules, topics
from app.features.kb.models import Article, Version
from app.kernel import clock, db, terms
from app.kernel.access import Principal, Role, actor
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.paging import Page, page
from app.kernel.texts import checked

KIND = "kb_article"
"""What articles are called in the log and among the words that staff find them by."""
MOST_VERSIONS = 200


@dataclass(frozen=True)
class Words:
    """What somebody wrote: everything of an article that an author decides."""

    title: str
    body: str = ""
    summary: str = ""
    seo_title: str = ""
    tags: tuple[str, ...] = ()
    slug: str = ""
    """Empty: made of the title, and for an article that is there the one it has."""
    category_id: UUID | None = None


class EditedMeanwhile(Conflict):
    """Somebody else saved the article since it was opened: 409."""

    code = "edited_meanwhile"
    text = "Somebody saved this article while you were writing. Compare, then save again."


class Archived(Conflict):
    """The article is archived, and so nobody works on it: 409."""

    code, text = "archived", "This article is archived. Take it back first."


class Scheduled(Forbidden):
    """It is published by itself, as it is written then, and the person may only write drafts: 403."""

    code, text = "admins_only", "It is to be published by itself. An admin can change it."


def find(who: Principal, article_id: UUID) -> Article:
    """An article of the asking member of staff's own tenant, in whatever state.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    found = db.session().scalar(sa.select(Article).where(Article.id == article_id)) if who.is_staff else None
    if found is None:
        raise NotFound()
    return found


def may_change(who: Principal, article: Article) -> bool:
    """Whether the person may write here: what will be published without anybody's looking, ADMINs alone."""
    return article.publish_at is None or (who.staff_role or 0) >= Role.ADMIN


def find_to_change(who: Principal, article_id: UUID) -> Article:
    """The same, to be written: nobody else changes or schedules it until this unit of work ends.

    Raises:
        NotFound: as `find`.
        Scheduled: it is published by itself, and they may not publish.
    """
    article = find(who, article_id)
    lock(article)
    if not may_change(who, article):
        raise Scheduled()
    return article


def lock(article: Article) -> None:
    """Nobody else changes the article until this unit of work ends; what it holds is what is stored now."""
    db.session().refresh(article, with_for_update=True)


def lock_to_work(article: Article) -> None:
    """As `lock`, for whoever works on it.

    Raises:
        Archived: take it back first.
    """
    lock(article)
    if article.is_archived:
        raise Archived()


def listed(*, cursor: str | None = None, limit: int = 50) -> Page[Article]:
    """The articles in every state, newest first, for programs of staff."""
    return page(sa.select(Article), Article, cursor=cursor, limit=limit)


def create(written: Words) -> Article:
    """Begin an article, as a draft.

    Raises:
        Invalid: something that cannot be, or a slug that is taken; names the fields.
    """
    fields = _checked(written)
    article = Article(
        **fields,
        title_key=_title_key(fields["title"]),
        author_id=actor().user_id,
        changed_at=clock.now(),
        revision=1,
        state="draft",
    )
    with addresses.held():
        db.session().add(article)
    _keep(article)
    said = {name: fields[name] for name in ("title", "tags", "slug")}
    audit.record("ARTICLE_CREATED", resource_type=KIND, resource_id=article.id, after=said)
    return article


def _checked(written: Words, *, own: Article | None = None) -> dict[str, Any]:
    """What was written as it is stored, by the names of its columns."""
    fields = checked(rules.ARTICLE, {name: getattr(written, name) for name in rules.ARTICLE})
    if written.category_id is not None:
        topics.find(written.category_id)
    slug = addresses.chosen(written.slug, title=fields["title"], own=own)
    return fields | {"slug": slug, "category_id": written.category_id}


def _title_key(title: str) -> str:
    return terms.plain(title)[:200]


def save(article: Article, written: Words, *, seen: int) -> None:
    """Keep what somebody wrote, as another version if anything is different. Readers see it once published.

    Raises:
        EditedMeanwhile: `seen` is not the present revision.
        Archived: nobody works on it.
        Invalid: something that cannot be, or a slug that is taken; names the fields.
    """
    lock_to_work(article)
    if seen != article.revision:
        raise EditedMeanwhile()
    _change(article, _checked(written, own=article))


def restore(article: Article, version: Version) -> None:
    """Bring back the words of an older version, as another version. Address and topic stay.

    Raises:
        Archived: nobody works on it.
    """
    lock_to_work(article)
    _change(article, {name: getattr(version, name) for name in rules.ARTICLE}, restored_from=version.revision)


def _change(article: Article, fields: dict[str, Any], restored_from: int | None = None) -> None:
    changed = sorted(name for name, value in fields.items() if getattr(article, name) != value)
    if not changed:
        return
    with addresses.held():
        for name in changed:
            setattr(article, name, fields[name])
        article.title_key = _title_key(article.title)
        article.changed_at = clock.now()
        article.revision += 1
        if article.state == "published":
            article.state = "draft"
    _keep(article, restored_from)
    after = {"changed": changed} | ({"restored_from": restored_from} if restored_from else {})
    audit.record("ARTICLE_SAVED", resource_type=KIND, resource_id=article.id, after=after)


def _keep(article: Article, restored_from: int | None = None) -> None:
    """The version of what is there now, and the words that staff find it by."""
    kept = {name: getattr(article, name) for name in rules.ARTICLE}
    version = Version(
        article_id=article.id, revision=article.revision, author_id=actor().user_id, restored_from=restored_from, **kept
    )  # fmt: skip
    db.session().add(version)
    db.session().flush()
    pictures = files.named_in(article.body)
    if pictures:
        files.claim("kb_version", version.id, pictures)  # for as long as somebody may bring the version back
    terms.keep(KIND, article.id, [article.title, *article.tags, article.slug.replace("-", " ")])


def ask_review(article: Article) -> None:
    """Say that it is ready for somebody else to read over and publish. Safe to repeat.

    Raises:
        Archived: nobody works on it.
    """
    lock_to_work(article)
    if article.state == "draft":
        article.state = "review"
        db.session().flush()
        mails.tell_reviewers(article)
        audit.record("ARTICLE_REVIEW_ASKED", resource_type=KIND, resource_id=article.id)


def send_back(article: Article, note: str = "") -> None:
    """Say that it needs more work before it can be published, and what. Safe to repeat.

    Raises:
        Invalid: what is said is too long, or cannot be stored.
    """
    note = checked(rules.REVIEW, {"note": note})["note"]
    lock(article)
    if article.state == "review":
        article.state, article.review_note, article.sent_back_by = "draft", note, actor().user_id
        db.session().flush()
        mails.tell_sent_back(article)
        audit.record("ARTICLE_SENT_BACK", resource_type=KIND, resource_id=article.id)


def versions(article: Article) -> list[Version]:
    """How it was saved, the newest first, `MOST_VERSIONS` at most."""
    wanted = sa.select(Version).where(Version.article_id == article.id).order_by(Version.revision.desc())
    return list(db.session().scalars(wanted.limit(MOST_VERSIONS)))


def version(article: Article, revision: int) -> Version:
    """One of its versions.

    Raises:
        NotFound: it has none of that number.
    """
    wanted = sa.select(Version).where(Version.article_id == article.id, Version.revision == revision)
    found = db.session().scalar(wanted) if 0 < revision < 2**31 else None
    if found is None:
        raise NotFound()
    return found
