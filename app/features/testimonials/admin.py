"""`/admin/testimonials`: what customers say, written down, approved, put in order."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.files.brought import LARGEST_BODY, Brought
from app.features.tenants import service as tenants
from app.features.testimonials import service
from app.features.testimonials.forms import TestimonialForm
from app.features.testimonials.listing import TESTIMONIALS
from app.features.testimonials.models import Testimonial
from app.features.testimonials.service import ChangedMeanwhile, OnTheSite
from app.kernel import ids, words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid, NotFound
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes, is_at_least, own_path, page, principal, toast

routes = PageRoutes("testimonials_admin", prefix="/admin/testimonials")

HERE = "/admin/testimonials"
TONES = {
    "waiting": ("warn", "Waiting"),
    "approved": ("good", "On the site"),
    "rejected": ("done", "Rejected"),
    "archived": ("done", "Archived"),
}
STATES = (("", "Any"), *((name, label) for name, (_tone, label) in TONES.items()))
STARS = (("", "Any"), *((str(count), words.plural(count, "star")) for count in range(5, 0, -1)))
FEATURED = (("", "Any"), ("1", "Featured"))
HEAD = ("id", "name", "title", "company", "quote", "stars", "featured", "state", "made")
DONE = {
    "approve": ("good", "on the site now"),
    "reject": ("info", "rejected"),
    "archive": ("info", "archived"),
}
SHORT = 120
"""Characters of somebody's words in the list."""


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """The list."""
    asked = TESTIMONIALS.read(request.args)
    return listed(
        "testimonials/admin/index.html",
        TESTIMONIALS,
        asked,
        _rows,
        one="testimonial",
        crumbs=[("Testimonials", None)],
        states=STATES,
        stars=STARS,
        featured=FEATURED,
        may_write=is_at_least(Role.MEMBER),
        may_decide=is_at_least(Role.ADMIN),
    )


def _state(approved_at: object, rejected_at: object, archived_at: object) -> str:
    row = Testimonial(approved_at=approved_at, rejected_at=rejected_at, archived_at=archived_at)
    return row.state


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    zone = tenants.current().time_zone
    for row_id, name, title, company, quote, stars, featured, approved, rejected, archived, made, revision in found:
        tone, state = TONES[_state(approved, rejected, archived)]
        said = quote if len(quote) <= SHORT else f"{quote[:SHORT].rstrip()}…"
        yield (
            str(row_id), name, ", ".join(filter(None, [title, company])), said, stars, featured, tone, state,
            words.day(made, zone), revision,
        )  # fmt: skip


@routes.post("/export")
@requires(staff=Role.MEMBER, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """The list as a file."""
    return exporting.export(TESTIMONIALS, HEAD, _line, request.form, resource_type=service.RESOURCE)


def _line(row: tuple[Any, ...]) -> tuple[Any, ...]:
    row_id, name, title, company, quote, stars, featured, approved, rejected, archived, made, _revision = row
    return str(row_id), name, title, company, quote, stars, featured, _state(approved, rejected, archived), made


@routes.get("/new")
@requires(staff=Role.MEMBER)
def new() -> ResponseReturnValue:
    """The form for a new one."""
    return _form(TestimonialForm())


def _form(form: TestimonialForm, row: Testimonial | None = None, *, status: int = 200) -> Response:
    tone, state = TONES[row.state] if row is not None else ("", "")
    zone = tenants.current().time_zone
    return page(
        "testimonials/admin/form.html",
        status=status,
        form=form,
        row=row,
        here=f"{HERE}/{row.id}" if row is not None else HERE,
        tone=tone,
        state=state,
        facts=_facts(row, zone) if row is not None else [],
        may_write=row is None or service.may_change(principal(), row),
        may_decide=is_at_least(Role.ADMIN),
        crumbs=[("Testimonials", HERE), (row.name if row is not None else "New testimonial", None)],
    )


def _facts(row: Testimonial, zone: str) -> list[tuple[str, str]]:
    moments = (
        ("Written down", row.created_at),
        ("Approved", row.approved_at),
        ("Rejected", row.rejected_at),
        ("Archived", row.archived_at),
    )
    return [(label, words.exact(moment, zone)) for label, moment in moments if moment is not None]


@routes.post("")
@requires(staff=Role.MEMBER, limits=("120/hour",), largest=LARGEST_BODY)
def create() -> ResponseReturnValue:
    """Write down what somebody said."""
    form, sent = TestimonialForm(), Brought("photo")
    if form.validate_on_submit():
        try:
            row = service.create(**_photo(form, sent), **form.fields)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"What {row.name} said waits for approval.")
            return redirect(f"{HERE}/{row.id}", 303)
    return _form(form, status=422)


def _photo(form: TestimonialForm, sent: Brought) -> dict[str, UUID | None]:
    """The picture that was sent, kept; none where it is to go; nothing where it stays."""
    kept_id = sent.keep("testimonial")
    return {"photo_id": kept_id} if kept_id is not None or form.without_photo.data else {}


@routes.get("/<uuid:testimonial_id>")
@requires(staff=Role.VIEWER)
def show(testimonial_id: UUID) -> ResponseReturnValue:
    """One of them, to be changed and decided on."""
    row = service.find(principal(), testimonial_id)
    return _form(TestimonialForm.of(row), row)


@routes.post("/<uuid:testimonial_id>")
@requires(staff=Role.MEMBER, limits=("120/hour",), largest=LARGEST_BODY)
def update(testimonial_id: UUID) -> ResponseReturnValue:
    """Put it in other words."""
    form, sent = TestimonialForm(), Brought("photo")
    row = service.find(principal(), testimonial_id)
    if form.validate_on_submit():
        try:
            service.change(principal(), row, **_photo(form, sent), **form.fields)
        except Invalid as refusal:
            form.blame(refusal)
        except OnTheSite as refusal:
            form.form_errors.append(refusal.text)
            return _form(form, row, status=403)
        else:
            toast("good", "Saved.")
            return redirect(f"{HERE}/{row.id}", 303)
    return _form(form, row, status=422)


@routes.post("/decisions")
@requires(staff=Role.ADMIN)
def create_decisions() -> ResponseReturnValue:
    """Approve, reject or archive those that were chosen, all or none."""
    decision = request.form.get("decision", "")
    seen = dict(_seen(text) for text in request.form.getlist("ids"))
    try:
        count = service.decide(principal(), seen, decision)
    except (ChangedMeanwhile, Invalid) as refusal:
        toast("bad", refusal.text)
    else:
        tone, said = DONE[decision]
        toast(tone, f"{words.plural(count, 'testimonial')} {said}.")
    back = own_path(request.form.get("back"), HERE)
    return redirect(back if back.startswith(HERE) else HERE, 303)


def _seen(text: str) -> tuple[UUID, int | None]:
    """`<id>.<revision>`: one of those that were chosen, and which words of it were read."""
    spelled, _, number = text.partition(".")
    row_id = ids.parse_id(spelled)
    if row_id is None or (number and not (number.isascii() and number.isdigit() and len(number) <= 9)):
        raise NotFound()
    return row_id, int(number) if number else None


@routes.post("/<uuid:testimonial_id>/moves")
@requires(staff=Role.ADMIN)
def create_move(testimonial_id: UUID) -> ResponseReturnValue:
    """One place up or down in the order of the site, or to the top."""
    service.move(service.find(principal(), testimonial_id), request.form.get("way", ""))
    return redirect(HERE, 303)


@routes.post("/<uuid:testimonial_id>/removal")
@requires(staff=Role.ADMIN)
def create_removal(testimonial_id: UUID) -> ResponseReturnValue:
    """Forget it for good."""
    row = service.find(principal(), testimonial_id)
    service.delete(row)
    toast("info", f"What {row.name} said is deleted.")
    return redirect(HERE, 303)
