"""`/admin/kb/topics`: under which articles stand."""

from typing import Any
from uuid import UUID

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from app.features.kb import topics
from app.features.kb.admin import CRUMBS
from app.features.kb.forms import TopicForm
from app.features.kb.models import Category
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, is_at_least, page, toast

routes = PageRoutes("kb_topics", prefix="/admin/kb/topics")

HERE = "/admin/kb/topics"


@routes.get("")
@requires(staff=Role.MEMBER)
def index() -> ResponseReturnValue:
    """All of them in their order, and a form for another."""
    return _all(TopicForm(formdata=None, position=len(topics.every())))


def _all(form: TopicForm, *, status: int = 200) -> Response:
    counts = topics.counts()
    return page(
        "kb/admin/topics.html",
        status=status,
        crumbs=[*CRUMBS, ("Topics", None)],
        topics=[(topic, f"{counts.get(topic.id, 0):,}") for topic in topics.every()],
        form=form,
        may_write=is_at_least(Role.ADMIN),
    )


@routes.post("")
@requires(staff=Role.ADMIN, limits=("60/minute",))
def create() -> ResponseReturnValue:
    """Make another."""
    form = TopicForm()
    if form.validate_on_submit():
        try:
            topic = topics.create(**_given(form))
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"{topic.name} is a topic now. It appears once an article stands under it.")
            return redirect(HERE, 303)
    return _all(form, status=422)


def _given(form: TopicForm) -> dict[str, Any]:
    return {**form.answers, "description": form.description.data or ""}


@routes.get("/<uuid:topic_id>")
@requires(staff=Role.ADMIN)
def show(topic_id: UUID) -> ResponseReturnValue:
    """The form for one."""
    topic = topics.find(topic_id)
    form = TopicForm(
        formdata=None, name=topic.name, description=topic.description, icon=topic.icon, position=topic.position
    )
    return _one(topic, form)


def _one(topic: Category, form: TopicForm, *, status: int = 200) -> Response:
    return page(
        "kb/admin/topic.html",
        status=status,
        topic=topic,
        form=form,
        here=f"{HERE}/{topic.id}",
        crumbs=[*CRUMBS, ("Topics", HERE), (topic.name, None)],
    )


@routes.post("/<uuid:topic_id>")
@requires(staff=Role.ADMIN)
def update(topic_id: UUID) -> ResponseReturnValue:
    """Call it otherwise."""
    topic, form = topics.find(topic_id), TopicForm()
    if form.validate_on_submit():
        try:
            topics.change(topic, **_given(form))
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(HERE, 303)
    return _one(topic, form, status=422)


@routes.post("/<uuid:topic_id>/deletion")
@requires(staff=Role.ADMIN)
def create_deletion(topic_id: UUID) -> ResponseReturnValue:
    """Let it go, once no article stands under it."""
    topic = topics.find(topic_id)
    topics.delete(topic)
    toast("good", f"{topic.name} is gone.")
    return redirect(HERE, 303)
