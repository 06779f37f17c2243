"""`/admin/blog`: the posts, for staff."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.blog import listing, service, wording
from app.features.blog.listing import POSTS
from app.features.blog.models import Post
from app.features.blog.reading import Topic
from app.features.files.brought import LARGEST_BODY
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

routes = PageRoutes("blog_admin", prefix="/admin/blog")

HERE = "/admin/blog"
TONES = {
    "draft": ("", "Draft"),
    "scheduled": ("info", "Scheduled"),
    "published": ("good", "Published"),
    "archived": ("done", "Archived"),
}
STATES = (("", "Any"), *((name, label) for name, (_tone, label) in TONES.items()))
HEAD = ("id", "title", "address", "category", "author", "state", "read", "dated", "changed")


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """The list."""
    asked = POSTS.read(request.args)
    return listed(
        "blog/admin/index.html",
        POSTS,
        asked,
        _rows,
        one="post",
        crumbs=[("Blog", None)],
        states=STATES,
        categories=_choices(listing.categories()),
        tags=_choices(listing.tags()),
        authors=(("", "Any"), *((name, name) for name in listing.authors())),
        may_write=is_at_least(Role.MEMBER),
    )


def _choices(topics: Iterable[Topic]) -> tuple[tuple[str, str], ...]:
    return (("", "Any"), *((topic.key, topic.name) for topic in topics))


def _state(published_at: object, scheduled_for: object, archived_at: object) -> str:
    return Post(published_at=published_at, scheduled_for=scheduled_for, archived_at=archived_at).state


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for post_id, title, slug, category, author, views, published, scheduled, archived, dated, changed in found:
        name = _state(published, scheduled, archived)
        tone, state = TONES[name]
        when = words.exact(dated, zone) if name == "scheduled" else words.day(dated, zone)
        yield (
            f"{HERE}/{post_id}", title, f"/blog/{slug}", category or "–", author, tone, state, f"{views:,}",
            when if name != "draft" else "–", words.ago(changed, zone), words.exact(changed, zone),
        )  # fmt: skip


@routes.post("/export")
@requires(staff=Role.MEMBER, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """The list as a file."""
    return exporting.export(POSTS, HEAD, _line, request.form, resource_type=service.RESOURCE)


def _line(row: tuple[Any, ...]) -> tuple[Any, ...]:
    post_id, title, slug, category, author, views, published, scheduled, archived, dated, changed = row
    state = _state(published, scheduled, archived)
    return str(post_id), title, f"/blog/{slug}", category, author, state, views, dated, changed


@routes.post("/previews")
@requires(staff=Role.MEMBER, limits=("240/minute",), largest=LARGEST_BODY)
def create_preview() -> ResponseReturnValue:
    """What was typed so far as readers would see it; nothing is kept."""
    try:
        html, problem = wording.drawn(request.form.get("body", "")).html, ""
    except Invalid as refusal:
        html, problem = None, refusal.text
    return page("blog/admin/preview.html", html=html, problem=problem, crumbs=[("Blog", HERE), ("Preview", None)])


@routes.get("/<uuid:post_id>/preview")
@requires(staff=Role.VIEWER)
def preview(post_id: UUID) -> ResponseReturnValue:
    """The post as readers will see it, whatever its state."""
    post = service.find(principal(), post_id)
    tone, state = TONES[post.state]
    return page(
        "blog/admin/post.html",
        post=post,
        dated=words.day(post.dated_at, tenants.current().time_zone),
        tags=service.tags_of(post),
        html=service.html_of(post),
        contents=post.contents,
        tone=tone,
        state=state,
        crumbs=[("Blog", HERE), (post.title, f"{HERE}/{post.id}"), ("Preview", None)],
    )


@routes.post("/<uuid:post_id>/withdrawal")
@requires(staff=Role.ADMIN)
def create_withdrawal(post_id: UUID) -> ResponseReturnValue:
    """Make it a draft again."""
    return _done(post_id, service.withdraw, "info", "is a draft again")


def _done(post_id: UUID, act: Callable[[Post], None], tone: str, said: str) -> ResponseReturnValue:
    post = service.find(principal(), post_id)
    act(post)
    toast(tone, f"{post.title} {said}.")
    return redirect(f"{HERE}/{post.id}", 303)


@routes.post("/<uuid:post_id>/archiving")
@requires(staff=Role.ADMIN)
def create_archiving(post_id: UUID) -> ResponseReturnValue:
    """Take it from everybody's sight."""
    return _done(post_id, service.archive, "info", "is archived")


@routes.post("/<uuid:post_id>/restoring")
@requires(staff=Role.ADMIN)
def create_restoring(post_id: UUID) -> ResponseReturnValue:
    """Back from the archive, as a draft."""
    return _done(post_id, service.restore, "good", "is a draft again")
