"""What a word is to the knowledge base: the same on both stores, without case and accents."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from app.kernel import terms

LONGEST = 64
"""Characters of a word; the rest is cut."""
MOST_INDEXED, MOST_BYTES = 20_000, 500_000
"""Words of one article, and how long they may be together; those after it are not found. Some letters are taken apart
into many, and PostgreSQL silently mixes up the words of a row that holds more than a megabyte of them."""
MOST_ASKED = 8
LONGEST_QUESTION = 200
_WORD = re.compile(r"[^\W_]+")
_COMMON = """a about an and are as at be by can do does for from get has have how i if in into is it its me my of on
or our please so that the their there this to was we what when where which who why will with you your"""
COMMON = frozenset(_COMMON.split())
"""English words that say nothing about what somebody looks for."""


def indexed(text: str) -> list[str]:
    """The words of `text` in their order."""
    found = [word[:LONGEST] for word in _WORD.findall(terms.plain(text))[:MOST_INDEXED]]
    sizes = accumulate(len(word.encode()) for word in found)
    return [word for word, size in zip(found, sizes, strict=True) if size <= MOST_BYTES]


def clean(question: str) -> str:
    """What somebody typed, as one line that can be shown, kept and searched."""
    cut = question[: 4 * LONGEST_QUESTION]
    kept = "".join(letter if letter.isprintable() else " " for letter in cut)
    return " ".join(kept.split())[:LONGEST_QUESTION]


def asked(question: str) -> list[str]:
    """The words that somebody looks for, at most `MOST_ASKED`; those that say nothing are left out beside others."""
    found = list(dict.fromkeys(indexed(question[:LONGEST_QUESTION])))
    telling = [word for word in found if word not in COMMON]
    return (telling or found)[:MOST_ASKED]


def parts(text: str, wanted: list[str]) -> list[tuple[str, bool]]:
    """The text cut into pieces, each with whether it is a word that begins as one of `wanted`. Nothing is escaped yet.

    A piece ends where a word ends, so that nothing is cut through that belongs together.
    """
    found: list[tuple[str, bool]] = []
    done = 0
    for start, end in _places(text, wanted, len(text)):
        found += [(text[done:start], False), (text[start:end], True)]
        done = end
    return [piece for piece in (*found, (text[done:], False)) if piece[0]]


def _places(text: str, wanted: list[str], searched: int) -> Iterator[tuple[int, int]]:
    """Where words stand in the first `searched` characters that begin as one of `wanted`."""
    for match in _likely(tuple(wanted)).finditer(text, 0, searched):
        if (match[1] and match[0].isascii()) or begins(match[0], wanted):
            yield match.span()


@lru_cache(maxsize=256)
def _likely(wanted: tuple[str, ...]) -> re.Pattern[str]:
    """Words that begin so as they stand, and, to be looked at more closely, those with other letters than ASCII's."""
    begun = "|".join(map(re.escape, wanted))
    return re.compile(rf"(?<![^\W_])(?:({begun})|[a-z0-9]*[^\W_\x00-\x7f])[^\W_]*", re.IGNORECASE)


def begins(word: str, wanted: list[str]) -> bool:
    """Whether the word begins as one of `wanted`, without case and accents."""
    return terms.plain(word).startswith(tuple(wanted))


def excerpt(text: str, wanted: list[str], *, length: int = 180, searched: int = 20_000) -> str:
    """The part of `text` round the first word that begins as one of `wanted`; its beginning where there is none."""
    first = _first(text[:searched], wanted)
    start = 0 if first < length // 2 else text.rfind(" ", 0, first - length // 3) + 1
    piece = text[start : start + length]
    if start + length < len(text):
        piece = piece.rpartition(" ")[0] or piece
    return ("… " if start else "") + piece.strip() + (" …" if start + length < len(text) else "")


def _first(text: str, wanted: list[str]) -> int:
    """Where the first word stands that begins as one of `wanted`; 0 where there is none."""
    if not text.isascii():
        return next((start for start, _ in _places(text, wanted, len(text))), 0)
    known, nearest = text.lower(), len(text)
    for word in wanted:
        at = known.find(word, 0, nearest)
        while at > 0 and known[at - 1].isalnum():
            at = known.find(word, at + 1, nearest)
        nearest = at if at >= 0 else nearest
    return nearest if nearest < len(text) else 0
