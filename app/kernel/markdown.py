"""Articles as their authors type them: CommonMark with tables and struck-out words, as clean HTML.

Raw HTML is shown as text. Bare addresses are no links; `<https://...>` is one.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from app.kernel import html
from app.kernel.errors import Invalid
from app.kernel.late import Late

if TYPE_CHECKING:
    import markdown_it
    from markdown_it.token import Token
else:
    markdown_it = Late("markdown_it")

LONGEST = 100_000
"""Characters of one text; about 15,000 words."""
MOST_LINES, MOST_MARKS, MOST_BRACKETS, MOST_PARTS, DEEPEST = 5_000, 20_000, 2_000, 10_000, 30
"""Lines; characters that mean something to Markdown, of which `[`; parts of the finished text; parts inside each other.
The parser's time grows with each of them and never faster. 100,000 characters of prose take 0.02 s on one core, the
worst that the bounds allow about half a second, refused or not."""
MOST_WRITTEN = 300_000
"""Characters of the finished text: links by reference repeat an address that was written once."""
WORDS_A_MINUTE = 200
ANCHOR = "on-"
"""What the ids of our headings begin with, so that none can be mistaken for an id of the page around them."""

_MARKS = str.maketrans(dict.fromkeys("*_[]!<&`~|>#\\"))
_WORD = re.compile(r"\w[\w'’-]*")
_BLOCKS = frozenset({"inline", "fence", "code_block"})


class TooLong(Invalid):
    """More characters than this text may have."""


class NotReadable(Invalid):
    """Made of marks rather than of words."""

    text = "This text nests too deep or has too many lines, marks or parts to be shown. Make it simpler, or split it."


@dataclass(frozen=True)
class Heading:
    """One line of an article's contents."""

    level: int
    """2 to 6."""
    text: str
    anchor: str
    """The id it stands under; a link to it is `#` and this."""


@dataclass(frozen=True)
class Rendered:
    """One text, ready to be shown."""

    html: Markup
    contents: list[Heading]
    plain: str
    """Its words without marks, a block a line: for search, excerpts and meta tags."""
    words: int
    minutes: int
    """How long an adult reads; at least one."""


def render(text: str, *, longest: int = LONGEST) -> Rendered:
    """`text` as HTML that may stand in a page, with what an article's page says about it.

    Render when a text is saved and keep the answer.

    Raises:
        TooLong: more than `longest` characters.
        NotReadable: it was made to keep the machine busy; so says `html.TooInvolved` of what comes later.
    """
    tokens = _parsed(text, longest)
    contents = list(_headed(tokens))
    _align(tokens)
    written = _parser().renderer.render(tokens, _parser().options, {})
    found = _plain(tokens)
    words = sum(1 for _ in _WORD.finditer(found))
    return Rendered(
        html=html.sanitize(written, anchors=[heading.anchor for heading in contents]),
        contents=contents,
        plain=found,
        words=words,
        minutes=max(1, math.ceil(words / WORDS_A_MINUTE)),
    )


@cache
def _parser() -> "markdown_it.MarkdownIt":
    """CommonMark with tables and struck-out words, raw HTML off. It keeps nothing between texts."""
    found = markdown_it.MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST + 10})
    found.enable(["table", "strikethrough"])
    found.block.ruler.before("table", "bounds", _stop_early)
    return found


def _stop_early(state: Any, start: int, end: int, silent: bool) -> bool:
    """Asked as the first of the rules at each block: goes on to the others while the text is within bounds."""
    if len(state.tokens) > MOST_PARTS or state.level > DEEPEST:
        raise NotReadable
    return False


def _parsed(text: str, longest: int) -> "list[Token]":
    if len(text) > longest:
        raise TooLong(f"This text has {len(text):,} characters; {longest:,} at most can be shown.")
    marks = len(text) - len(text.translate(_MARKS))
    if text.count("\n") > MOST_LINES or text.count("[") > MOST_BRACKETS or marks > MOST_MARKS:
        raise NotReadable
    tokens = _parser().parse(text)
    _check(tokens)
    return tokens


def _check(tokens: "list[Token]") -> None:
    """Hold what was understood against the bounds, before anything is written from it."""
    parts = size = 0
    for token in tokens:
        size += len(token.content)
        inner = token.children or []
        parts += 1 + len(inner)
        size += sum(len(str(value)) for child in inner for value in child.attrs.values())
        deepest = max((child.level for child in inner), default=0)
        if max(token.level, deepest) > DEEPEST or parts > MOST_PARTS or size > MOST_WRITTEN:
            raise NotReadable


def _headed(tokens: "list[Token]") -> Iterator[Heading]:
    """The headings, each given its id; an author's first level is our second, for the title is the page's first."""
    taken: dict[str, int] = {}
    for opening, inner, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "heading_open":
            continue
        level = max(2, int(opening.tag[1]))
        opening.tag = closing.tag = f"h{level}"
        words = _words(inner)
        anchor = _anchor(words, taken)
        opening.attrSet("id", anchor)
        if words:
            yield Heading(level, words, anchor)


def _anchor(words: str, taken: dict[str, int]) -> str:
    """An id of letters, digits and hyphens that no heading before has; of other scripts a number alone is left."""
    latin = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    stem = ANCHOR + (re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:60].rstrip("-") or "part")
    number = taken.get(stem, 0) + 1
    found = stem if number == 1 else f"{stem}-{number}"
    while found in taken:  # `Step 2`, or the second `Step`
        number += 1
        found = f"{stem}-{number}"
    taken[stem] = number
    taken.setdefault(found, 1)
    return found


def _align(tokens: "list[Token]") -> None:
    """Cells of tables are aligned by a class: our pages' policy knows no style in an element."""
    for token in tokens:
        style = token.attrs.pop("style", None)
        side = str(style or "").removeprefix("text-align:")
        if side in html.ALIGNMENTS:
            token.attrs["class"] = side


def _plain(tokens: "list[Token]") -> str:
    blocks = (_words(token) for token in tokens if token.type in _BLOCKS)
    return "\n".join(block for block in blocks if block)


def _words(token: "Token") -> str:
    """The words of one block in one line."""
    said: list[Any] = [token.content] if token.children is None else [_said(child) for child in token.children]
    return " ".join("".join(said).split())


def _said(token: "Token") -> str:
    if token.type == "image":
        return "".join(_said(child) for child in token.children or [])
    return " " if token.type in {"softbreak", "hardbreak"} else token.content
