"""Writing a post: the form of `/admin/blog/new` and `/admin/blog/<id>`."""

from datetime import datetime
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.features.blog import categories, service, wording
from app.features.blog.admin import HERE, TONES
from app.features.blog.forms import PostForm
from app.features.blog.models import Post
from app.features.blog.service import ChangedMeanwhile
from app.features.files.brought import LARGEST_BODY, Brought
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Forbidden, Invalid
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

routes = PageRoutes("blog_editor", prefix="/admin/blog")


@routes.get("/new")
@requires(staff=Role.MEMBER)
def new() -> ResponseReturnValue:
    """An empty form."""
    form = PostForm()
    form.author_name.data = principal().name
    return _form(form)


def _form(form: PostForm, post: Post | None = None, *, status: int = 200) -> Response:
    zone = tenants.current().time_zone
    form.offer(post)
    tone, state = TONES[post.state] if post is not None else ("", "New")
    return page(
        "blog/admin/form.html",
        status=status,
        form=form,
        post=post,
        here=f"{HERE}/{post.id}" if post is not None else HERE,
        tone=tone,
        state=state,
        html=_text_shown(form, post),
        facts=_facts(post, zone) if post is not None else [],
        zone=zone,
        categories=[category.name for category in categories.every()],
        may_write=service.may_change(principal(), post),
        may_publish=is_at_least(Role.ADMIN),
        crumbs=[("Blog", HERE), (post.title if post is not None else "New post", None)],
    )


def _text_shown(form: PostForm, post: Post | None) -> Markup:
    """The text beside the editor: as it was typed where it was refused, as it was saved else."""
    if request.method == "POST":
        try:
            return wording.drawn(form.body.data or "").html
        except Invalid:
            return Markup()
    return service.html_of(post) if post is not None else Markup()


def _facts(post: Post, zone: str) -> list[tuple[str, str]]:
    moments = (
        ("Publishes itself", post.scheduled_for),
        ("Published", post.published_at),
        ("Archived", post.archived_at),
        ("Last changed", post.changed_at),
        ("Begun", post.created_at),
    )
    said = [(label, words.exact(moment, zone)) for label, moment in moments if moment is not None]
    return [("Read", words.plural(post.views, "time")), ("Takes", words.plural(post.reading_minutes, "minute")), *said]


@routes.post("")
@requires(staff=Role.MEMBER, limits=("120/hour",), largest=LARGEST_BODY)
def create() -> ResponseReturnValue:
    """Begin a post, and publish it where that was pressed."""
    form, sent = PostForm(), Brought("cover")
    if form.validate_on_submit():
        try:
            at = form.moment(tenants.current().time_zone)
            post = service.create(principal(), **form.fields, **_cover(form, sent))
        except Invalid as refusal:
            form.blame(refusal)
        else:
            return _then(post, at)
    return _form(form, status=422)


def _cover(form: PostForm, sent: Brought) -> dict[str, UUID | None]:
    """The picture that was sent, kept; else the one that was chosen."""
    return {"cover_id": sent.keep("article") or form.cover_chosen}


def _then(post: Post, at: datetime | None) -> ResponseReturnValue:
    """What was asked for besides saving. What cannot be is said on the post's page, where it is saved already."""
    wanted = request.form.get("then", "")
    if wanted and not is_at_least(Role.ADMIN):
        raise Forbidden("An admin publishes it.")
    try:
        said = _act(post, wanted, at)
    except Invalid as refusal:
        toast("bad", f"Saved. {refusal.text}")
    else:
        toast("good", said)
    return redirect(f"{HERE}/{post.id}", 303)


def _act(post: Post, wanted: str, at: datetime | None) -> str:
    if wanted == "publish":
        service.publish(post)
        return f"{post.title} is published."
    if wanted == "schedule":
        if at is None:
            raise Invalid.field("scheduled_for", "Say when it is to publish itself.")
        service.schedule(post, at)
        return f"{post.title} publishes itself on {words.exact(at, tenants.current().time_zone)}."
    return "Saved. Readers see it." if post.is_shown else "Saved."


@routes.get("/<uuid:post_id>")
@requires(staff=Role.VIEWER)
def show(post_id: UUID) -> ResponseReturnValue:
    """One post, to be read or changed."""
    post = service.find(principal(), post_id)
    return _form(PostForm.of(post, service.tags_of(post), tenants.current().time_zone), post)


@routes.post("/<uuid:post_id>")
@requires(staff=Role.MEMBER, limits=("600/hour",), largest=LARGEST_BODY)
def update(post_id: UUID) -> ResponseReturnValue:
    """Save it, and publish it where that was pressed."""
    form, sent, status = PostForm(), Brought("cover"), 422
    post = service.find(principal(), post_id)
    if form.validate_on_submit():
        try:
            at = form.moment(tenants.current().time_zone)
            service.change(principal(), post, revision=form.revision_seen, **form.fields, **_cover(form, sent))
        except ChangedMeanwhile as refusal:
            form.form_errors.append(f"{refusal.text} Your words are still here: save again to replace theirs.")
            form.revision.data = str(post.revision)
            status = refusal.status
        except Invalid as refusal:
            form.blame(refusal)
        else:
            return _then(post, at)
    return _form(form, post, status=status)
