"""Plain words that people type, as they are stored: one rule each, raised as `ValueError` with a text for the person.

_RULES = {"name": line(80, is_needed=True), "quote": paragraphs(1_000)}
fields = checked(_RULES, given)
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.kernel.errors import Invalid

UNSEEN = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
"""Control characters, and those that hide or turn the direction of what follows; not the tab and the new line."""
_IN_LINES = re.compile(f"[{UNSEEN}\t\n]")
_IN_TEXTS = re.compile(f"[{UNSEEN}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
Rule = Callable[[Any], Any]


def line(longest: int, *, is_needed: bool = False) -> Callable[[str], str]:
    """One line: blanks are one blank, what nobody sees is dropped."""

    def rule(value: str) -> str:
        text = " ".join(_IN_LINES.sub(" ", _storable(value)).split())
        return _sized(text, longest, is_needed=is_needed)

    return rule


def paragraphs(longest: int, *, is_needed: bool = False) -> Callable[[str], str]:
    """Several lines, as they were typed."""

    def rule(value: str) -> str:
        return _sized(_IN_TEXTS.sub("", _lines(value)).strip(), longest, is_needed=is_needed)

    return rule


def source(longest: int) -> Callable[[str], str]:
    """A text in a language of its own, such as Markdown, where blanks mean something: those at its end alone go."""

    def rule(value: str) -> str:
        return _sized(_lines(value).rstrip(), longest, is_needed=False)

    return rule


def _lines(value: str) -> str:
    return _storable(value).replace("\r\n", "\n").replace("\r", "\n")


def _storable(value: str) -> str:
    if "\0" in value or _SURROGATE.search(value):
        raise ValueError("This contains a character that cannot be stored.")
    return value


def _sized(text: str, longest: int, *, is_needed: bool) -> str:
    if len(text) > longest:
        raise ValueError(f"At most {longest:,} characters.")
    if is_needed and not text:
        raise ValueError("This is needed.")
    return text


def checked(rules: Mapping[str, Rule], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored.

    Raises:
        Invalid: names every field that cannot be.
        TypeError: there is no rule for a field.
    """
    unknown = set(given) - set(rules)
    if unknown:
        raise TypeError(f"there is no field {min(unknown)!r}")
    found, problems = {}, {}
    for name, value in given.items():
        try:
            found[name] = rules[name](value)
        except ValueError as problem:
            problems[name] = str(problem)
    if problems:
        raise Invalid(fields=problems)
    return found
