"""`/admin/kb`: the articles as staff see them: found, written, looked over, published."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.features.audit import exporting
from app.features.kb import figures, publishing, service, topics
from app.features.kb.forms import ArticleForm
from app.features.kb.listing import ARTICLES
from app.features.kb.models import Article
from app.features.kb.service import EditedMeanwhile
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

routes = PageRoutes("kb", prefix="/admin/kb")

HERE = "/admin/kb"
STATES = (
    ("", "Any"),
    ("draft", "Draft"),
    ("review", "To be read over"),
    ("published", "Published"),
    ("scheduled", "Scheduled"),
    ("archived", "Archived"),
)
HEAD = ("id", "title", "address", "state", "published", "to be published", "topic", "changed", "made")
CRUMBS: list[tuple[str, str | None]] = [("Help centre", HERE)]


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


@routes.get("/new")
@requires(staff=Role.MEMBER)
def new() -> ResponseReturnValue:
    """A desk for a new article."""
    return desk(ArticleForm(formdata=None))


@routes.post("")
@requires(staff=Role.MEMBER, limits=("60/minute",))
def create() -> ResponseReturnValue:
    """Keep a new article as a draft."""
    form = ArticleForm()
    form.offer(topics.every())
    if form.validate_on_submit():
        try:
            article = service.create(form.words)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Kept as a draft. Nobody but staff sees it yet.")
            return redirect(f"{HERE}/{article.id}", 303)
    return desk(form, status=422)


@routes.get("/<uuid:article_id>")
@requires(staff=Role.MEMBER)
def show(article_id: UUID) -> ResponseReturnValue:
    """One article on the desk."""
    article = service.find(principal(), article_id)
    return desk(ArticleForm.of(article, tenants.current().time_zone), article)


def desk(form: ArticleForm, article: Article | None = None, *, status: int = 200, **context: Any) -> Response:
    """The desk on which an article is written: Markdown here, what readers see there."""
    form.offer(topics.every())
    zone = tenants.current().time_zone
    live, said = figures.of_article(article.id) if article is not None else (None, [])
    title = article.title if article is not None else "New article"
    return page(
        "kb/admin/desk.html",
        status=status,
        form=form,
        article=article,
        here=f"{HERE}/{article.id}" if article is not None else HERE,
        crumbs=[*CRUMBS, (title, None)],
        state=stated(article.state, is_live=article.is_live, is_scheduled=article.publish_at is not None)
        if article is not None else ("", "Not kept yet"),
        changed=words.ago(article.changed_at, zone) if article is not None else "",
        due=words.exact(article.publish_at, zone) if article is not None and article.publish_at else "",
        zone=zone.replace("_", " "),
        live=live if article is not None and article.is_live else None,
        said=[(vote.is_helpful, vote.comment, words.ago(vote.created_at, zone)) for vote in said],
        preview=preview_of(form.body.data or ""),
        may_publish=is_at_least(Role.ADMIN),
        may_change=article is None or service.may_change(principal(), article),
        **context,
    )  # fmt: skip


def preview_of(body: str) -> tuple[Markup, str]:
    """The text as readers will see it, or why they cannot."""
    try:
        return publishing.drawn(body).html, ""
    except Invalid as refusal:
        return Markup(""), refusal.text


@routes.post("/preview")
@requires(staff=Role.MEMBER, limits=("240/minute",))
def create_preview() -> ResponseReturnValue:
    """What readers would see of a new article. Nothing is kept."""
    return desk(ArticleForm())


@routes.post("/<uuid:article_id>/preview")
@requires(staff=Role.MEMBER, limits=("240/minute",))
def create_preview_of(article_id: UUID) -> ResponseReturnValue:
    """What readers would see of what is being written. Nothing is kept."""
    return desk(ArticleForm(), service.find(principal(), article_id))


@routes.post("/<uuid:article_id>")
@requires(staff=Role.MEMBER)
def update(article_id: UUID) -> ResponseReturnValue:
    """Keep what was written, as another version."""
    article = service.find_to_change(principal(), article_id)
    refused = keep(article, ArticleForm())
    if refused is not None:
        return refused
    toast("good", "Kept." + (" Readers see it once you publish it." if article.has_changes else ""))
    return redirect(f"{HERE}/{article.id}", 303)


def keep(article: Article, form: ArticleForm) -> Response | None:
    """Keep what the desk sends, or the desk again with what is wrong."""
    form.offer(topics.every())
    if not form.validate_on_submit():
        return desk(form, article, status=422)
    try:
        service.save(article, form.words, seen=form.seen)
    except Invalid as refusal:
        form.blame(refusal)
        return desk(form, article, status=422)
    except EditedMeanwhile as refusal:
        mine, theirs = form.body.data or "", article.body
        form.revision.data = str(article.revision)
        return desk(form, article, status=409, clash=refusal.text, theirs=(theirs, mine))
    return None
