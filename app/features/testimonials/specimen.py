"""One testimonial on the site and one that waits, made through the service."""

from app.features.testimonials import service
from app.features.testimonials.models import Testimonial

SHOWN = {"testimonials": "approved_at IS NOT NULL AND archived_at IS NULL"}


def make(tag: str = "specimen", **given: object) -> Testimonial:
    """Somebody's words, waiting for approval."""
    said = {"name": f"{tag.title()} Person", "company": f"{tag.title()} Works", "quote": f"{tag} never had to wait."}
    return service.create(**({**said, "stars": 5} | given))


def in_house(tag: str) -> None:
    """One on the site, one that is featured there, one that waits, one that was rejected."""
    service.approve(make(tag))
    service.approve(make(f"{tag}-first", is_featured=True))
    make(f"{tag}-later")
    service.reject(make(f"{tag}-never", stars=1))
