"""What may stand in an article, a topic and a vote: one rule for each field, whichever door it comes through."""

from collections.abc import Mapping, Sequence

from app.kernel import markdown, terms
from app.kernel.texts import Rule, line, paragraphs, source

LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_BODY = 160, 300, markdown.LONGEST
MOST_TAGS, LONGEST_TAG = 12, 40
LONGEST_NAME, LONGEST_DESCRIPTION, LAST_POSITION = 60, 160, 999
LONGEST_COMMENT, LONGEST_NOTE = 1000, 1000
ICONS = (
    "book-2", "mail", "world", "server-2", "receipt", "shield-check", "rocket", "database", "code", "users", "settings",
    "lifebuoy", "cash", "key", "plug-connected", "device-mobile",
)  # fmt: skip
"""Drawings of the sprite that a topic may have."""


def tag(text: str) -> str:
    """One tag as it is stored and looked for: small letters, digits and hyphens. Empty: there is nothing of it left."""
    kept = "".join(letter if letter.isalnum() else " " for letter in terms.plain(text[:200]))
    return "-".join(kept.split())


def split(text: str) -> tuple[str, ...]:
    """The tags of a field, with commas between."""
    return tuple(part.strip() for part in text[:2000].split(",") if part.strip())


def _tags(given: Sequence[str]) -> list[str]:
    """As they are stored, each once, in the order given."""
    found = [one for one in dict.fromkeys(map(tag, given)) if one]
    if len(found) > MOST_TAGS or any(len(one) > LONGEST_TAG for one in found):
        raise ValueError(f"{MOST_TAGS} tags at most, each of {LONGEST_TAG} letters at most.")
    return found


def _icon(value: str) -> str:
    if value not in ICONS:
        raise ValueError("Choose one of these drawings.")
    return value


def _position(value: int) -> int:
    if not 0 <= value <= LAST_POSITION:
        raise ValueError(f"A whole number from 0 to {LAST_POSITION}.")
    return value


ARTICLE: Mapping[str, Rule] = {
    "title": line(LONGEST_TITLE, is_needed=True),
    "tags": _tags,
    "summary": line(LONGEST_SUMMARY),
    "seo_title": line(LONGEST_TITLE),
    "body": source(LONGEST_BODY),
}
"""What a version keeps. The address is `addresses`' to say."""
TOPIC: Mapping[str, Rule] = {
    "name": line(LONGEST_NAME, is_needed=True),
    "description": line(LONGEST_DESCRIPTION),
    "icon": _icon,
    "position": _position,
}
REVIEW: Mapping[str, Rule] = {"note": paragraphs(LONGEST_NOTE)}
VOTE: Mapping[str, Rule] = {"comment": paragraphs(LONGEST_COMMENT)}
