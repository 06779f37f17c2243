"""`/api/marketing/testimonials` for everybody, `/api/v1/testimonials` for staff."""

from typing import Any
from uuid import UUID

from app.features.testimonials import service
from app.features.testimonials.schemas import (
    MoveIn,
    ShownPageOut,
    ShownQuery,
    TestimonialChange,
    TestimonialIn,
    TestimonialOut,
)
from app.features.testimonials.service import ChangedMeanwhile, OnTheSite
from app.kernel.access import Role, anyone, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery
from app.kernel.schemas import SeenQuery

public_routes = ApiRoutes("testimonials_public", prefix="/api/marketing/testimonials", tag="Marketing site, public")
routes = ApiRoutes("testimonials", prefix="/api/v1/testimonials", tag="Testimonials")


@public_routes.get("")
@anyone(limits=("100/minute",))
def shown(query: ShownQuery) -> ShownPageOut:
    """What customers say, as far as it is approved: featured ones first, each part in its order."""
    return ShownPageOut.of(service.shown(query, is_featured=query.featured))


@routes.get("")
@requires(staff=Role.VIEWER)
def index(query: PageQuery) -> Page[TestimonialOut]:
    """List them, whatever their state, newest first."""
    found = service.newest(cursor=query.cursor, limit=query.limit)
    return found.showing([TestimonialOut.of(row) for row in found.items])


@routes.post("", status=201)
@requires(staff=Role.MEMBER)
def create(body: TestimonialIn) -> TestimonialOut:
    """Write down what somebody said; it waits for approval."""
    return TestimonialOut.of(service.create(**_fields(body.model_dump())))


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    return {"is_featured" if name == "featured" else name: value for name, value in given.items()}


@routes.get("/<uuid:testimonial_id>", errors=(NotFound,))
@requires(staff=Role.VIEWER)
def show(testimonial_id: UUID) -> TestimonialOut:
    """One of them."""
    return TestimonialOut.of(service.find(principal(), testimonial_id))


@routes.patch("/<uuid:testimonial_id>", errors=(NotFound, OnTheSite))
@requires(staff=Role.MEMBER)
def update(testimonial_id: UUID, body: TestimonialChange) -> TestimonialOut:
    """Put it in other words; what is approved, ADMINs alone."""
    row = service.find(principal(), testimonial_id)
    service.change(principal(), row, **_fields(body.model_dump(exclude_unset=True)))
    return TestimonialOut.of(row)


@routes.post("/<uuid:testimonial_id>/approve", errors=(NotFound, ChangedMeanwhile))
@requires(staff=Role.ADMIN)
def approve(testimonial_id: UUID, query: SeenQuery) -> TestimonialOut:
    """Show it on the site."""
    row = service.find(principal(), testimonial_id)
    service.approve(row, revision=query.revision)
    return TestimonialOut.of(row)


def _done(testimonial_id: UUID, decision: str) -> TestimonialOut:
    row = service.find(principal(), testimonial_id)
    service.DECISIONS[decision](row)
    return TestimonialOut.of(row)


@routes.post("/<uuid:testimonial_id>/reject", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def reject(testimonial_id: UUID) -> TestimonialOut:
    """Do not show it."""
    return _done(testimonial_id, "reject")


@routes.post("/<uuid:testimonial_id>/archive", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def archive(testimonial_id: UUID) -> TestimonialOut:
    """Take it from the site."""
    return _done(testimonial_id, "archive")


@routes.post("/<uuid:testimonial_id>/move", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def move(testimonial_id: UUID, body: MoveIn) -> TestimonialOut:
    """Change its place in the order of the site."""
    row = service.find(principal(), testimonial_id)
    service.move(row, body.way)
    return TestimonialOut.of(row)


@routes.delete("/<uuid:testimonial_id>", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def delete(testimonial_id: UUID) -> None:
    """Forget it for good."""
    service.delete(service.find(principal(), testimonial_id))
