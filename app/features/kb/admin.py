"""`/admin/kb`: the articles in every state, as staff find them."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.kb import service, topics
from app.features.kb.listing import ARTICLES
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes

routes = PageRoutes("kb", prefix="/admin/kb")

HERE = "/admin/kb"
CRUMBS: list[tuple[str, str | None]] = [("Help centre", HERE)]
"""The way to every page below this one."""
STATES = (
    ("", "Any"),
    ("draft", "Draft"),
    ("review", "To be read over"),
    ("published", "Published"),
    ("scheduled", "Scheduled"),
    ("archived", "Archived"),
)
HEAD = ("id", "title", "address", "state", "published", "to be published", "topic", "changed", "made")


@routes.get("")
@requires(staff=Role.MEMBER)
def index() -> ResponseReturnValue:
    """The list."""
    return listed(
        "kb/admin/index.html",
        ARTICLES,
        ARTICLES.read(request.args),
        _rows,
        one="article",
        crumbs=[("Help centre", None)],
        states=STATES,
        topics=[("", "Any"), *((str(topic.id), topic.name) for topic in topics.every())],
    )


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    zone = tenants.current().time_zone
    for article_id, title, slug, state, published_at, publish_at, topic, changed_at, _made in found:
        tone, said = stated(state, is_live=published_at is not None, is_scheduled=publish_at is not None)
        when = words.ago(changed_at, zone), words.exact(changed_at, zone)
        yield f"{HERE}/{article_id}", title, f"/help/{slug}", tone, said, topic or "", *when


def stated(state: str, *, is_live: bool, is_scheduled: bool) -> tuple[str, str]:
    """How an article is doing: tone and words."""
    if state == "archived":
        return "done", "Archived"
    if is_scheduled:
        return "info", "Scheduled"
    if state == "review":
        return "warn", "To be read over"
    if state == "published":
        return "good", "Published"
    return ("info", "Draft over a published one") if is_live else ("", "Draft")


@routes.post("/export")
@requires(staff=Role.MEMBER, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """The list as a file."""
    return exporting.export(ARTICLES, HEAD, _line, request.form, resource_type=service.KIND)


def _line(row: tuple[Any, ...]) -> tuple[Any, ...]:
    article_id, title, slug, state, *rest = row
    return str(article_id), title, f"/help/{slug}", state, *rest
