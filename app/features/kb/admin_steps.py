"""`/admin/kb/<id>/...`: what becomes of an article: read over, published, scheduled, archived, and taken back.

What the desk holds is kept first, so that nobody publishes other words than those they see.
"""

from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from app.features.kb import publishing, service
from app.features.kb.admin import HERE, desk, keep
from app.features.kb.forms import ArticleForm
from app.features.kb.models import Article
from app.features.tenants import service as tenants
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, principal, toast

routes = PageRoutes("kb_steps", prefix="/admin/kb/<uuid:article_id>")


@routes.post("/publication")
@requires(staff=Role.ADMIN)
def create_publication(article_id: UUID) -> ResponseReturnValue:
    """Keep it and let readers see it."""
    article, form = service.find(principal(), article_id), ArticleForm()
    refused = keep(article, form)
    if refused is not None:
        return refused
    try:
        publishing.publish(article)
    except Invalid as refusal:
        form.blame(refusal)
        form.revision.data = str(article.revision)
        return desk(form, article, status=422)
    toast("good", "Published. Readers and the search find it now.")
    return _back(article)


@routes.post("/schedule")
@requires(staff=Role.ADMIN)
def create_schedule(article_id: UUID) -> ResponseReturnValue:
    """Keep it and publish it by itself at its moment."""
    article, form = service.find(principal(), article_id), ArticleForm()
    refused = keep(article, form)
    if refused is not None:
        return refused
    try:
        at = form.moment(tenants.current().time_zone)
        if at is None:
            raise Invalid.field("publish_at", "Say when.")
        publishing.schedule(article, at)
    except Invalid as refusal:
        form.blame(refusal)
        form.revision.data = str(article.revision)
        return desk(form, article, status=422)
    toast("good", "It will be published by itself, as it is written then.")
    return _back(article)


@routes.post("/schedule/end")
@requires(staff=Role.ADMIN)
def create_schedule_end(article_id: UUID) -> ResponseReturnValue:
    """Do not publish it by itself."""
    article = service.find(principal(), article_id)
    publishing.unschedule(article)
    toast("good", "It is not published by itself any more.")
    return _back(article)


@routes.post("/review")
@requires(staff=Role.MEMBER)
def create_review(article_id: UUID) -> ResponseReturnValue:
    """Keep it and ask somebody to read it over."""
    article = service.find_to_change(principal(), article_id)
    refused = keep(article, ArticleForm())
    if refused is not None:
        return refused
    service.ask_review(article)
    toast("good", "It stands among those to be read over.")
    return _back(article)


@routes.post("/review/end")
@requires(staff=Role.ADMIN)
def create_review_end(article_id: UUID) -> ResponseReturnValue:
    """It needs more work."""
    article = service.find(principal(), article_id)
    service.send_back(article)
    toast("good", "It is a draft again.")
    return _back(article)


@routes.post("/archiving")
@requires(staff=Role.ADMIN)
def create_archiving(article_id: UUID) -> ResponseReturnValue:
    """Let readers find it no more."""
    article = service.find(principal(), article_id)
    publishing.archive(article)
    toast("good", "Archived. Readers find it no more.")
    return _back(article)


@routes.post("/taking-back")
@requires(staff=Role.MEMBER)
def create_taking_back(article_id: UUID) -> ResponseReturnValue:
    """Work on it again."""
    article = service.find(principal(), article_id)
    publishing.take_back(article)
    toast("good", "It is a draft again. Publish it for readers to find it.")
    return _back(article)


def _back(article: Article) -> ResponseReturnValue:
    return redirect(f"{HERE}/{article.id}", 303)
