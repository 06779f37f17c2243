"""What may be said of a product: one rule for each field, whichever door it comes through."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.features.catalogue.models import UNLIMITED
from app.kernel import texts
from app.kernel.ids import parse_id
from app.kernel.texts import line

LARGEST = 10**9
"""The greatest number of gigabytes, websites, mailboxes or pieces in stock."""
MOST_FEATURES, LONGEST_FEATURE = 40, 120

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored.

    Raises:
        Invalid: names every field that cannot be.
        TypeError: there is no such field.
    """
    return texts.checked(_RULES, given)


def slug(value: str) -> str:
    """A word for addresses, that no id can be taken for."""
    text = value.strip()
    if not _SLUG.fullmatch(text) or parse_id(text) is not None:
        raise ValueError("1 to 64 small letters, digits and hyphens, such as shared-starter.")
    return text


def _features(value: list[str]) -> list[str]:
    lines = [kept for kept in map(line(LONGEST_FEATURE), value) if kept]
    if len(lines) > MOST_FEATURES:
        raise ValueError(f"At most {MOST_FEATURES} lines.")
    return lines


def number(least: int = 0) -> Callable[[int], int]:
    """A whole number from `least` on."""

    def rule(value: int) -> int:
        if isinstance(value, bool) or not least <= value <= LARGEST:
            raise ValueError(f"A whole number from {least} to {LARGEST:,}.")
        return value

    return rule


def _stock(value: int | None) -> int | None:
    return None if value is None else number()(value)


_RULES: dict[str, Callable[[Any], Any]] = {
    "slug": slug,
    "name": line(80, is_needed=True),
    "description": line(300),
    "category": slug,
    "features": _features,
    "storage_gb": number(),
    "bandwidth_gb": number(UNLIMITED),
    "websites": number(),
    "mailboxes": number(),
    "featured": bool,
    "active": bool,
    "stock": _stock,
}
