"""Words for addresses: made of a title, kept unique by whoever stores them."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import count

from app.kernel.ids import parse_id

LONGEST = 80
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OTHER = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
    | dict.fromkeys("'’", "")
)


def made_of(text: str, *, fallback: str) -> str:
    """`Grüße aus Köln!` as `grusse-aus-koln`: small letters, digits and hyphens, cut at a word where it is long.

    A title without any letter of ours is called `fallback`. No id can be taken for it.
    """
    plain = unicodedata.normalize("NFKD", text[: 4 * LONGEST].casefold()).translate(_LETTERS)
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    found = _OTHER.sub("-", letters).strip("-")
    if len(found) > LONGEST:
        found = found[: LONGEST + 1].rpartition("-")[0].strip("-") or found[:LONGEST].strip("-")
    return found if found and parse_id(found) is None else fallback


def checked(text: str) -> str:
    """A slug that somebody chose.

    Raises:
        ValueError: it is none; says what one looks like.
    """
    text = text.strip()
    if len(text) > LONGEST or not _SLUG.fullmatch(text) or parse_id(text) is not None:
        raise ValueError(f"1 to {LONGEST} small letters, digits and hyphens, such as our-new-office.")
    return text


def tries(wanted: str) -> Iterator[str]:
    """`wanted`, then `wanted-2`, `wanted-3` and so on without end, each cut to what a slug may be long."""
    yield wanted
    for number in count(2):
        end = f"-{number}"
        yield wanted[: LONGEST - len(end)].rstrip("-") + end


def free(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """The first of `tries` that is not taken. The unique key still decides."""
    return next(tried for tried in tries(wanted) if not is_taken(tried))
