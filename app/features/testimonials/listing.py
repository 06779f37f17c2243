"""The list of testimonials for staff."""

import sqlalchemy as sa

from app.features.testimonials.models import Testimonial
from app.features.testimonials.service import SHOWN
from app.kernel.filters import Contains
from app.kernel.lists import Choice, Exact, Given, Listing, Sort

_KEPT = Testimonial.archived_at.is_(None)
STATES = {
    "waiting": sa.and_(Testimonial.approved_at.is_(None), Testimonial.rejected_at.is_(None), _KEPT),
    "approved": SHOWN,
    "rejected": sa.and_(Testimonial.rejected_at.is_not(None), _KEPT),
    "archived": Testimonial.archived_at.is_not(None),
}
TESTIMONIALS = Listing(
    name="testimonials",
    here="/admin/testimonials",
    model=Testimonial,
    columns=(
        Testimonial.id, Testimonial.name, Testimonial.title, Testimonial.company, Testimonial.quote, Testimonial.stars,
        Testimonial.is_featured, Testimonial.approved_at, Testimonial.rejected_at, Testimonial.archived_at,
        Testimonial.created_at, Testimonial.revision,
    ),
    filters=(
        Contains("q", (Testimonial.name, Testimonial.company, Testimonial.quote)),
        Choice("state", STATES),
        Exact("stars", Testimonial.stars),
        Given("featured", Testimonial.is_featured.is_(True)),
    ),
    sorts={
        "order": Sort("As on the site", Testimonial.position),
        "newest": Sort("Newest first", Testimonial.created_at, is_falling=True),
        "stars": Sort("Most stars first", Testimonial.stars, is_falling=True),
    },
)  # fmt: skip
