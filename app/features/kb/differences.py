"""How two versions of a text differ, line by line. What is shown is text: whoever draws it escapes it."""

import difflib
from typing import NamedTuple

from app.features.kb.models import Version

LABELS = {"title": "Title", "tags": "Tags", "summary": "For search engines", "seo_title": "Title there", "body": "Text"}
MOST_LINES = 2000
"""Lines of each text that are compared one by one; longer ones are shown whole, one after the other."""


class Line(NamedTuple):
    """One line of a difference."""

    sign: str
    """`+` is new, `-` is gone, ` ` stayed, `@` stands for lines that were left out."""
    text: str


def between(older: Version | None, newer: Version) -> list[tuple[str, list[Line]]]:
    """What was changed, by the label of the field; fields that are the same are left out."""
    found = []
    for name, label in LABELS.items():
        before, after = (_text(one, name) for one in (older, newer))
        if before != after:
            found.append((label, lines(before, after)))
    return found


def _text(version: Version | None, name: str) -> str:
    value = getattr(version, name) if version is not None else ""
    return ", ".join(value) if isinstance(value, list) else str(value)


def lines(before: str, after: str, *, around: int = 2) -> list[Line]:
    """The lines that differ, with some around them."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return [*(Line("-", text) for text in old), *(Line("+", text) for text in new)]
    told = []
    for number, text in enumerate(difflib.unified_diff(old, new, lineterm="", n=around)):
        if number < 2:
            continue  # the names of the files
        told.append(Line("@", "") if text.startswith("@@") else Line(text[0], text[1:]))
    return told[1:] if told and told[0].sign == "@" else told
