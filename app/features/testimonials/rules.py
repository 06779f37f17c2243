"""What may be said in a testimonial: one rule for each field, whichever door it comes through."""

from collections.abc import Mapping

from app.features.files import rules as pictures
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


RULES: Mapping[str, Rule] = {
    "name": line(80, is_needed=True),
    "title": line(80),
    "company": line(80),
    "quote": paragraphs(LONGEST_QUOTE, is_needed=True),
    "stars": stars,
    "is_featured": bool,
    "photo_id": pictures.shown,
}
