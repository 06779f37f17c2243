"""What may be said in a post: one rule for each field, whichever door it comes through."""

from collections.abc import Mapping, Sequence

from app.features.files import rules as pictures
from app.kernel import slugs
from app.kernel.texts import Rule, line, paragraphs

LONGEST_TITLE, LONGEST_EXCERPT, LONGEST_BODY = 150, 400, 100_000
MOST_TAGS, LONGEST_TAG = 20, 40
LONGEST_CATEGORY, LONGEST_ALT = 60, 300
MOST_WORDS = 2_000
"""Different words by which one post is found."""


def key_of(name: str) -> str:
    """The word in addresses by which a tag or category is known, however it is spelled; empty where nothing is left.

    An apostrophe parts words, as in the keys that are stored (`what-s-new`), where an address would leave it out.
    """
    return slugs.made_of(name.replace("'", " ").replace("’", " "), fallback="")


def _tags(value: Sequence[str]) -> dict[str, str]:
    """Names by key, in the order given; each key once."""
    found: dict[str, str] = {}
    for name in map(line(LONGEST_TAG), value):
        key = key_of(name)
        if name and not key:
            raise ValueError(f"A tag needs a letter or digit from A to Z: {name}")
        if key:
            found.setdefault(key, name)
    if len(found) > MOST_TAGS:
        raise ValueError(f"At most {MOST_TAGS} tags.")
    return found


def _category(value: str) -> str:
    name = line(LONGEST_CATEGORY)(value)
    if name and not key_of(name):
        raise ValueError("A category needs a letter or digit from A to Z.")
    return name


def _needed(value: str) -> str:
    line(LONGEST_CATEGORY, is_needed=True)(value)
    return _category(value)


def _slug(value: str) -> str:
    """Empty: made of the title."""
    return slugs.checked(value) if value.strip() else ""


RULES: Mapping[str, Rule] = {
    "title": line(LONGEST_TITLE, is_needed=True),
    "slug": _slug,
    "excerpt": line(LONGEST_EXCERPT),
    "body": paragraphs(LONGEST_BODY),
    "category": _category,
    "tags": _tags,
    "cover_id": pictures.shown,
    "cover_alt": line(LONGEST_ALT),
    "author_name": line(80),
    "meta_title": line(120),
    "meta_description": line(300),
}
CATEGORY_RULES: Mapping[str, Rule] = {"name": _needed}
