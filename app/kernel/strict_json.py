"""JSON with one meaning: what two parsers could read differently is refused.

Refused as 400: another encoding than UTF-8, a byte order mark, an object that
names a key twice, NaN and Infinity, numbers beyond what a double or a 64-bit
integer holds, nesting deeper than `DEEPEST`, trailing data, the key
`__proto__`, and a top level that is no object. Refused as 422, naming the
field: texts with NUL (PostgreSQL stores none) or half a surrogate pair.
"""

import json
import math
import re
from typing import Any, NoReturn

from app.kernel.errors import Invalid, Refusal

DEEPEST = 32
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""Possessive, and an open end is one too: else a text that is never closed costs the square of its length."""
_BRACKETS = re.compile(rb"[\[{\]}]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MEDIA = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)


class Malformed(Refusal):
    """The body is no JSON, or JSON of more than one meaning: 400."""

    status, code, text = 400, "malformed_json", "The body is not well-formed JSON."


class UnsupportedMedia(Refusal):
    """The body is said to be something else than JSON in UTF-8: 415."""

    status, code, text = 415, "unsupported_media_type", "Send the body as application/json in UTF-8."


def check_media_type(header: str | None) -> None:
    """Accept `application/json`, in UTF-8 or without a word about it.

    Raises:
        UnsupportedMedia: anything else.
    """
    if header is None or not _MEDIA.fullmatch(header.strip()):
        raise UnsupportedMedia()


def parse(raw: bytes) -> dict[str, Any]:
    """The object that `raw` spells.

    Raises:
        Malformed: not one well-formed object with one meaning.
        Invalid: a text that cannot be stored; the field is named.
    """
    text = _decode(raw)
    _check_depth(raw)
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_double
        )
    except (json.JSONDecodeError, RecursionError) as problem:
        raise Malformed() from problem
    if not isinstance(found, dict):
        raise Malformed("The body must be a JSON object.")
    _check_texts(found)
    return found


def _decode(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Malformed("The body starts with a byte order mark.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed("The body is not UTF-8.") from problem


def _check_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise Malformed(f"The body is nested deeper than {DEEPEST} levels.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("The body names a key twice.")
    for name in found:
        if name == "__proto__" or _UNSTORABLE.search(name):
            raise Malformed("The body has a key that is not allowed.")
    return found


def _constant(_name: str) -> NoReturn:
    raise Malformed("NaN and Infinity are no JSON.")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= (value := int(digits)) < 2**63:
        raise Malformed("The body has a number that is too large.")
    return value


def _double(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Malformed("The body has a number that is too large.")
    return value


def _check_texts(found: dict[str, Any]) -> None:
    fields = dict.fromkeys(unstorable(found), "This text has a character that cannot be stored.")
    if fields:
        raise Invalid(fields=fields)


def unstorable(value: Any, path: str = "") -> list[str]:
    """The dotted paths of texts in `value` that no store takes."""
    if isinstance(value, str):
        return [path] if _UNSTORABLE.search(value) else []
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)  # type: ignore[assignment]  # names are numbers there
    else:
        return []
    return [found for name, item in inside for found in unstorable(item, f"{path}.{name}" if path else str(name))]
