"""`/admin/kb/new` and `/admin/kb/<id>`: the desk on which an article is written, beside what readers would see."""

from typing import Any
from uuid import UUID

from flask import Response, redirect
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.features.kb import figures, mails, publishing, service
from app.features.kb.admin import CRUMBS, HERE, stated
from app.features.kb.forms import ArticleForm, ReviewForm
from app.features.kb.models import Article
from app.features.kb.service import EditedMeanwhile
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

routes = PageRoutes("kb_desk", prefix=HERE)

NEW = {
    "here": HERE, "crumbs": [*CRUMBS, ("New article", None)], "state": ("", "Not kept yet"), "changed": "", "due": "",
    "zone": "", "live": None, "said": [], "may_change": True, "sent_back_by": "",
}  # fmt: skip
"""What the desk says of an article that nobody has kept yet."""


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


def desk(
    form: ArticleForm,
    article: Article | None = None,
    *,
    status: int = 200,
    review: ReviewForm | None = None,
    **context: Any,
) -> Response:
    """The desk with what `form` holds, and `review` where it was refused."""
    return page(
        "kb/admin/desk.html",
        status=status,
        form=form,
        article=article,
        preview=_preview(form.body.data or ""),
        may_publish=is_at_least(Role.ADMIN),
        review=review or ReviewForm(formdata=None),
        **(_told(article) if article is not None else NEW),
        **context,
    )


def _preview(body: str) -> tuple[Markup, str]:
    """The text as readers will see it, or why they cannot."""
    try:
        return publishing.drawn(body).html, ""
    except Invalid as refusal:
        return Markup(""), refusal.text


def _told(article: Article) -> dict[str, Any]:
    """What the desk says of an article beside what was written: how it is doing, and what readers say."""
    zone = tenants.current().time_zone
    live, said = figures.of_article(article.id)
    return {
        "here": f"{HERE}/{article.id}",
        "crumbs": [*CRUMBS, (article.title, None)],
        "state": stated(article.state, is_live=article.is_live, is_scheduled=article.publish_at is not None),
        "changed": words.ago(article.changed_at, zone),
        "due": words.exact(article.publish_at, zone) if article.publish_at else "",
        "zone": zone.replace("_", " "),
        "live": live if article.is_live else None,
        "said": [(vote.is_helpful, vote.comment, words.ago(vote.created_at, zone)) for vote in said],
        "may_change": service.may_change(principal(), article),
        "sent_back_by": mails.name_of(article.sent_back_by),
    }


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
    """Keep what the desk sends; or the desk again, with what is wrong or what somebody else has kept meanwhile."""
    if not form.validate_on_submit():
        return desk(form, article, status=422)
    try:
        service.save(article, form.words, seen=form.seen)
    except Invalid as refusal:
        form.blame(refusal)
        return desk(form, article, status=422)
    except EditedMeanwhile as refusal:
        form.revision.data = str(article.revision)  # so that keeping it again takes the place of theirs
        return desk(form, article, status=409, clash=refusal.text, theirs=article.body)
    form.revision.data = str(article.revision)
    return None
