"""What may be said in a testimonial: one rule for each field, whichever door it comes through."""

from collections.abc import Mapping
from uuid import UUID

from app.features.files import service as files
from app.kernel.errors import NotFound
from app.kernel.texts import Rule, line, paragraphs

LONGEST_QUOTE = 1_000
MOST_STARS = 5


def stars(value: int | None) -> int:
    """1 to 5.

    Raises:
        ValueError: it is none of these.
    """
    if value is None or isinstance(value, bool) or not 1 <= value <= MOST_STARS:
        raise ValueError("1 to 5 stars.")
    return value


def _picture(value: UUID | None) -> UUID | None:
    """A picture of this tenant, or none."""
    if value is not None:
        try:
            files.find(value)
        except NotFound as problem:
            raise ValueError("There is no such picture.") from problem
    return value


RULES: Mapping[str, Rule] = {
    "name": line(80, is_needed=True),
    "title": line(80),
    "company": line(80),
    "quote": paragraphs(LONGEST_QUOTE, is_needed=True),
    "stars": stars,
    "is_featured": bool,
    "photo_id": _picture,
}
