"""`/admin/kb/<id>/...`: what becomes of an article: read over, published, scheduled, archived, and taken back.

What the desk holds is kept first, so that nobody publishes other words than those they see.
"""

from collections.abc import Callable
from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from app.features.kb import publishing, service
from app.features.kb.admin import HERE
from app.features.kb.admin_desk import desk, keep
from app.features.kb.forms import ArticleForm, ReviewForm
from app.features.kb.models import Article
from app.features.tenants import service as tenants
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, principal, toast

routes = PageRoutes("kb_steps", prefix="/admin/kb/<uuid:article_id>")


@routes.post("/review")
@requires(staff=Role.MEMBER)
def create_review(article_id: UUID) -> ResponseReturnValue:
    """Keep it and ask somebody to read it over."""
    article = service.find_to_change(principal(), article_id)
    return _keep_and(
        article,
        lambda _: service.ask_review(article),
        "It stands among those to be read over, and those who publish are told.",
    )


@routes.post("/review/end")
@requires(staff=Role.ADMIN)
def create_review_end(article_id: UUID) -> ResponseReturnValue:
    """It needs more work: its writers are told."""
    article, form = service.find(principal(), article_id), ReviewForm()
    if not form.validate_on_submit():
        return desk(ArticleForm.of(article, tenants.current().time_zone), article, status=422, review=form)
    service.send_back(article, form.note.data or "")
    return _back(article, "It is a draft again, and its author is told.")


@routes.post("/publication")
@requires(staff=Role.ADMIN)
def create_publication(article_id: UUID) -> ResponseReturnValue:
    """Keep it and let readers see it."""
    article = service.find(principal(), article_id)
    return _keep_and(article, lambda _: publishing.publish(article), "Published. Readers and the search find it now.")


@routes.post("/schedule")
@requires(staff=Role.ADMIN)
def create_schedule(article_id: UUID) -> ResponseReturnValue:
    """Keep it and publish it by itself at its moment."""
    article, zone = service.find(principal(), article_id), tenants.current().time_zone
    return _keep_and(
        article,
        lambda form: publishing.schedule(article, form.moment(zone)),
        "It will be published by itself, as it is written then.",
    )


@routes.post("/schedule/end")
@requires(staff=Role.ADMIN)
def create_schedule_end(article_id: UUID) -> ResponseReturnValue:
    """Do not publish it by itself."""
    article = service.find(principal(), article_id)
    publishing.unschedule(article)
    return _back(article, "It is not published by itself any more.")


@routes.post("/archiving")
@requires(staff=Role.ADMIN)
def create_archiving(article_id: UUID) -> ResponseReturnValue:
    """Let readers find it no more."""
    article = service.find(principal(), article_id)
    publishing.archive(article)
    return _back(article, "Archived. Readers find it no more.")


@routes.post("/taking-back")
@requires(staff=Role.MEMBER)
def create_taking_back(article_id: UUID) -> ResponseReturnValue:
    """Work on it again."""
    article = service.find(principal(), article_id)
    publishing.take_back(article)
    return _back(article, "It is a draft again. Publish it for readers to find it.")


def _keep_and(article: Article, step: Callable[[ArticleForm], None], said: str) -> ResponseReturnValue:
    """Keep what the desk sends, then do the step; where either is refused, the desk again with what is wrong."""
    form = ArticleForm()
    refused = keep(article, form)
    if refused is not None:
        return refused
    try:
        step(form)
    except Invalid as refusal:
        form.blame(refusal)
        return desk(form, article, status=422)
    return _back(article, said)


def _back(article: Article, said: str) -> ResponseReturnValue:
    toast("good", said)
    return redirect(f"{HERE}/{article.id}", 303)
