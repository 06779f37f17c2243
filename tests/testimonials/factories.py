"""What customers said, as tests need it."""

from typing import Any

from app.features.testimonials import service
from app.features.testimonials.models import Testimonial
from app.kernel import db


def make_testimonial(name: str = "Elif Demir", *, approved: bool = True, **given: Any) -> Testimonial:
    """Somebody's words; on the site unless `approved` is false."""
    row = service.create(**({"name": name, "company": "Quayside Bikes", "quote": "They pick up.", "stars": 5} | given))
    if approved:
        service.approve(row)
    db.session().flush()
    return row
