"""Writing posts, and letting everybody read them now, later, or no more.

From MEMBER up staff write drafts; what everybody reads is published and changed by ADMINs alone.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup

from app.features.audit import service as audit
from app.features.blog import addresses, categories, wording
from app.features.blog.events import PostPublished
from app.features.blog.models import Post, PostTag
from app.features.blog.rules import MOST_WORDS, RULES
from app.features.files import service as files
from app.features.tenants import service as tenants
from app.kernel import clock, db, terms
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.events import publish as tell
from app.kernel.paging import Page, page
from app.kernel.texts import checked

RESOURCE = KIND = "post"
"""What the log and the index of words call it."""
FARTHEST = timedelta(days=10 * 366)


class ChangedMeanwhile(Conflict):
    """Somebody else saved it since it was opened: 409."""

    code, text = "changed_meanwhile", "Somebody saved this post since you opened it."


class NotYours(Forbidden):
    """It is published or will be, and the person may only write drafts: 403."""

    code, text = "admins_only", "It is published, or will be. An admin can change it."


def find(who: Principal, post_id: UUID) -> Post:
    """A post of the asking member of staff's own tenant, whatever its state.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    found = db.session().scalar(sa.select(Post).where(Post.id == post_id)) if who.is_staff else None
    if found is None:
        raise NotFound()
    return found


def may_change(who: Principal, post: Post | None) -> bool:
    """Whether the person may write here."""
    role = who.staff_role or Role.VIEWER
    return role >= Role.ADMIN or (role >= Role.MEMBER and (post is None or post.state == "draft"))


def tags_of(post: Post) -> list[PostTag]:
    """Its tags, in the order in which they were given."""
    return list(db.session().scalars(sa.select(PostTag).where(PostTag.post_id == post.id).order_by(PostTag.id)))


def html_of(post: Post) -> Markup:
    """The text as it may stand in a page: what `wording.drawn` cleaned when it was saved."""
    return Markup(post.html)


def create(who: Principal, **given: Any) -> Post:
    """Begin a draft. Its slug is made of the title where none is given, and is its own in the tenant.

    Raises:
        Invalid: names every field that cannot be.
    """
    fields = _filed(checked(RULES, {"title": "", "category": ""} | given))
    tags, wanted = fields.pop("tags", {}), fields.pop("slug", "")
    now = clock.now()
    post = Post(**fields, slug="", changed_at=now, dated_at=now, author_id=who.user_id)
    post.author_name = post.author_name or who.name
    plain = _derive(post)
    post.slug = addresses.chosen(post, wanted)
    db.session().add(post)
    addresses.claim(post)
    _tag(post, tags)
    _index(post, tags.values(), plain)
    audit.record("POST_CREATED", resource_type=RESOURCE, resource_id=post.id, after={"tags": list(tags.values())})
    return post


def _filed(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | (categories.filed_under(fields["category"]) if "category" in fields else {})


def change(who: Principal, post: Post, *, revision: int | None = None, **given: Any) -> None:
    """Put it in other words. With another slug, the old address leads to the new one if anybody could know it.

    `revision` is the one that the person saw; None does not look.

    Raises:
        ChangedMeanwhile: somebody else saved it since.
        Invalid: names every field that cannot be.
        NotYours: it is published, and the person is no ADMIN.
    """
    if given.get("slug") == post.slug:
        del given["slug"]  # what it has may be one that nobody could choose today
    fields = _filed(checked(RULES, given))
    _lock(post)
    if not may_change(who, post):
        raise NotYours()
    _check_seen(post, revision)
    known = {tag.key: tag.name for tag in tags_of(post)}
    tags, wanted = fields.pop("tags", known), fields.pop("slug", post.slug)
    changed = {name: value for name, value in fields.items() if getattr(post, name) != value}
    for name, value in changed.items():
        setattr(post, name, value)
    if post.state in {"scheduled", "published"}:
        _check_readable(post)
    plain = _derive(post)
    is_moved = wanted != post.slug
    if is_moved:
        addresses.move(post, addresses.chosen(post, wanted))
    if not changed and not is_moved and tags == known:
        return
    post.changed_at, post.revision = clock.now(), post.revision + 1
    _tag(post, tags)
    _index(post, tags.values(), plain)
    audit.record(
        "POST_UPDATED", resource_type=RESOURCE, resource_id=post.id,
        before={"tags": list(known.values())}, after={"tags": list(tags.values())},
    )  # fmt: skip


def _lock(post: Post) -> None:
    """Nobody else changes the post until this unit of work ends; what it holds is what is stored now."""
    db.session().refresh(post, with_for_update=True)


def _check_seen(post: Post, revision: int | None) -> None:
    if revision is not None and revision != post.revision:
        raise ChangedMeanwhile()


def _derive(post: Post) -> str:
    """What follows from what was typed; the words of the text.

    Raises:
        Invalid: the text cannot be shown.
    """
    post.title_key = post.title.casefold()
    drawn = wording.drawn(post.body or "")
    post.html, post.reading_minutes = str(drawn.html), drawn.minutes
    post.contents = [[heading.level, heading.text, heading.anchor] for heading in drawn.contents]
    post.summary = post.excerpt or wording.beginning(drawn)
    return drawn.plain


def _tag(post: Post, tags: dict[str, str]) -> None:
    known = tags_of(post)
    if [(tag.key, tag.name) for tag in known] == list(tags.items()):
        return
    for tag in known:
        db.session().delete(tag)
    db.session().flush()
    db.session().add_all([PostTag(post_id=post.id, key=key, name=name) for key, name in tags.items()])
    db.session().flush()


def _index(post: Post, tags: Iterable[str], plain: str) -> None:
    """By which words it is found, and which pictures it shows.

    The author's name is no such word, for it may be erased; nor the category's, for it may be renamed on a thousand
    posts at once.
    """
    covers = set() if post.cover_id is None else {post.cover_id}
    files.claim(RESOURCE, post.id, files.named_in(post.body or "") | covers)
    terms.keep(KIND, post.id, (post.title, *tags, post.excerpt, plain), most=MOST_WORDS)


def publish(post: Post, *, at: datetime | None = None, revision: int | None = None) -> None:
    """Let everybody read it, from `at` (now); an archived one comes back with the date that it had.

    `revision` is the one that the person saw, as for `change`.

    Raises:
        ChangedMeanwhile: these are other words.
        Invalid: there is nothing to read yet.
    """
    _lock(post)
    if post.is_shown:
        return
    _check_seen(post, revision)
    _check_readable(post)
    post.published_at = post.published_at or at or clock.now()
    post.first_published_at = post.first_published_at or post.published_at
    post.dated_at, post.scheduled_for, post.archived_at = post.published_at, None, None
    post.revision += 1
    db.session().flush()
    url = tenants.base_url(tenants.current()) + post.path
    tell(PostPublished(post.id, post.slug, post.title, url, post.category, post.published_at))


def _check_readable(post: Post) -> None:
    if not post.body.strip():
        raise Invalid.field("body", "There is nothing to read yet.")


def schedule(post: Post, at: datetime, *, revision: int | None = None) -> None:
    """Let it publish itself at that moment. `revision` is the one that the person saw, as for `change`.

    Raises:
        ChangedMeanwhile: these are other words.
        Invalid: the moment is past or too far away, or there is nothing to read yet, or it is published already.
    """
    _lock(post)
    _check_seen(post, revision)
    if post.state in {"published", "archived"}:
        raise Invalid.field("scheduled_for", "It is published already; withdraw it first.")
    if not clock.now() < at <= clock.now() + FARTHEST:
        raise Invalid.field("scheduled_for", "That is past, or years away. Choose a later time, or publish it now.")
    _check_readable(post)
    post.scheduled_for = post.dated_at = at.astimezone(UTC)
    _settle(post, "POST_SCHEDULED")


def _settle(post: Post, action: str) -> None:
    """Store another state, and say so."""
    post.revision += 1
    db.session().flush()
    audit.record(action, resource_type=RESOURCE, resource_id=post.id)


def withdraw(post: Post) -> None:
    """Make it a draft again: nobody reads it, and it does not publish itself."""
    _lock(post)
    if post.state not in {"scheduled", "published"}:
        return
    post.published_at = post.scheduled_for = None
    post.dated_at = post.created_at
    _settle(post, "POST_WITHDRAWN")


def archive(post: Post) -> None:
    """Take it from everybody's sight; it keeps its date."""
    _lock(post)
    if post.archived_at is not None:
        return
    post.archived_at, post.scheduled_for = clock.now(), None
    _settle(post, "POST_ARCHIVED")


def restore(post: Post) -> None:
    """Back from the archive, as a draft."""
    _lock(post)
    if post.archived_at is None:
        return
    post.archived_at = post.published_at = None
    post.dated_at = post.created_at
    _settle(post, "POST_RESTORED")


def due() -> list[tuple[UUID, UUID]]:
    """Tenant and post of those whose time has come, over all tenants that are asked for."""
    wanted = sa.select(Post.tenant_id, Post.id).where(*_is_due())
    return [(row[0], row[1]) for row in db.session().execute(wanted.order_by(Post.scheduled_for))]


def _is_due() -> tuple[sa.ColumnElement[bool], ...]:
    return Post.scheduled_for <= clock.now(), Post.archived_at.is_(None)


def publish_due(post_id: UUID) -> None:
    """Publish one whose time has come, dated with that time; nothing where somebody was faster, or changed their mind.

    Raises:
        Invalid: there is nothing to read.
    """
    post = db.session().scalar(sa.select(Post).where(Post.id == post_id, *_is_due()).with_for_update())
    if post is not None:
        publish(post, at=post.scheduled_for)


def list_posts(*, cursor: str | None, limit: int) -> Page[Post]:
    """All of them, the last begun first."""
    return page(sa.select(Post), Post, cursor=cursor, limit=limit)
