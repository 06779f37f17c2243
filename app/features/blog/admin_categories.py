"""`/admin/blog/categories`: under which posts stand."""

from uuid import UUID

from flask import Response, redirect
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from app.features.blog import categories
from app.features.blog.admin import HERE as BLOG
from app.features.blog.categories import InUse
from app.features.blog.forms import CategoryForm, DeletionForm
from app.features.blog.models import PostCategory
from app.kernel import ids
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, is_at_least, page, toast

routes = PageRoutes("blog_categories", prefix="/admin/blog/categories")

HERE = f"{BLOG}/categories"
CRUMBS = [("Blog", BLOG)]


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """All of them by name with their posts, and a form for another."""
    return _all(CategoryForm(formdata=None))


def _all(form: CategoryForm, *, status: int = 200) -> Response:
    return page(
        "blog/admin/categories.html",
        status=status,
        crumbs=[*CRUMBS, ("Categories", None)],
        categories=categories.counted(),
        form=form,
        may_write=is_at_least(Role.ADMIN),
    )


@routes.post("")
@requires(staff=Role.ADMIN, limits=("60/minute",))
def create() -> ResponseReturnValue:
    """Make another."""
    form = CategoryForm()
    if form.validate_on_submit():
        try:
            made = categories.create(form.name.data or "")
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"{made.name} is a category now. Readers see it once a post stands under it.")
            return redirect(HERE, 303)
    return _all(form, status=422)


@routes.get("/<uuid:category_id>")
@requires(staff=Role.ADMIN)
def show(category_id: UUID) -> ResponseReturnValue:
    """One of them, to be called otherwise or deleted."""
    category = categories.find(category_id)
    return _one(category, CategoryForm(formdata=None, name=category.name))


def _one(
    category: PostCategory, form: CategoryForm, deletion: DeletionForm | None = None, *, status: int = 200
) -> Response:
    known = categories.counted()
    deletion = deletion or DeletionForm(formdata=None)
    return page(
        "blog/admin/category.html",
        status=status,
        category=category,
        form=form,
        deletion=_offering(deletion, category, [one.category for one in known]),
        posts=next((one.posts for one in known if one.category.id == category.id), 0),
        here=f"{HERE}/{category.id}",
        crumbs=[*CRUMBS, ("Categories", HERE), (category.name, None)],
    )


def _offering(form: DeletionForm, category: PostCategory, known: list[PostCategory]) -> DeletionForm:
    others = [SelectChoice(str(other.id), other.name) for other in known if other.id != category.id]
    form.instead.choices = [SelectChoice("", "Choose a category"), *others]
    form.instead.flags.optional = False  # where it is drawn at all, posts stand under this one
    return form


@routes.post("/<uuid:category_id>")
@requires(staff=Role.ADMIN)
def update(category_id: UUID) -> ResponseReturnValue:
    """Call it otherwise."""
    category, form = categories.find(category_id), CategoryForm()
    before = category.name
    if form.validate_on_submit():
        try:
            categories.rename(category, form.name.data or "")
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"{before} is called {category.name} now, on all its posts.")
            return redirect(HERE, 303)
    return _one(category, form, status=422)


@routes.post("/<uuid:category_id>/deletion")
@requires(staff=Role.ADMIN)
def create_deletion(category_id: UUID) -> ResponseReturnValue:
    """Let it go; its posts stand under another one from now on, where one is said."""
    category = categories.find(category_id)
    form = _offering(DeletionForm(), category, categories.every())
    chosen = ids.parse_id(form.instead.data or "")
    if form.validate_on_submit():
        try:
            categories.delete(category, instead=categories.find(chosen) if chosen is not None else None)
        except InUse as refusal:
            form.instead.errors = (refusal.text,)
        else:
            toast("good", f"{category.name} is gone.")
            return redirect(HERE, 303)
    return _one(category, CategoryForm(formdata=None, name=category.name), form, status=422)
