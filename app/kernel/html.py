"""Foreign HTML made harmless. This is the only file that knows how it is done.

bleach, which does it, is at the end of its life: whoever replaces it (by nh3) changes this file. The tests hold its
answers against nh3 and against a browser.
"""

import re
import threading
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from app.kernel.errors import Invalid
from app.kernel.late import Late

if TYPE_CHECKING:
    from bleach import html5lib_shim, sanitizer
else:
    sanitizer = Late("bleach.sanitizer")
    html5lib_shim = Late("bleach.html5lib_shim")

HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
"""What an article may have. Its title is the page's h1, so an author's h1 becomes h2."""
TAGS = HEADINGS | frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "em", "hr", "i",
    "img", "ins", "kbd", "li", "ol", "p", "pre", "s", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
SCHEMES = frozenset({"http", "https", "mailto"})
FOREIGN = "noopener nofollow ugc"
"""`rel` of a link that leads out of the house: no hold on our window, no praise to search engines."""
OWN_IMAGE = re.compile(r"/files/[0-9a-f-]{36}/[A-Za-z0-9._-]{1,80}")
"""The only pictures shown: a foreign one would tell its host who reads what, and our pages' policy forbids it."""
ALIGNMENTS = frozenset({"center", "right"})
"""Classes of a table's cells; drawn by the theme."""
LONGEST = 500_000
"""Characters, tags and all."""
MOST_ELEMENTS = 10_000
DEEPEST = 100
"""Elements open at once."""
MOST_ATTRIBUTES = 50
"""Of one element. What is beyond a bound is refused: it was made to keep the machine busy, not to be read."""

_NO_CHARACTER = re.compile(r"[\0-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]|&#(?:[0-9]{20,}|[xX][0-9a-fA-F]{20,});?")
"""Control characters, halves of characters, and numbers of characters so long that Python refuses to read them."""
_FREE = {"a": {"href", "title"}, "abbr": {"title"}, "details": {"open"}, "img": {"alt", "title"}}
"""Attributes that may say anything; of `href` the scheme is judged."""
_NUMBERS = {("img", "width"): 4, ("img", "height"): 4, ("ol", "start"): 9} | {
    (cell, span): 2 for cell in ("td", "th") for span in ("colspan", "rowspan")
}
"""Attributes that are numbers, and of how many digits at most."""
_LANGUAGE = re.compile(r"language-[A-Za-z0-9_+#.-]{1,30}")
_OWN = re.compile(r"(?:#|\?|/(?![/\\])|mailto:|[A-Za-z0-9._~%-][^:\\]*$)", re.IGNORECASE)
_IGNORED_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f-\xa0\s]+")


class TooInvolved(Invalid):
    """More elements, or deeper ones, than anything that people read."""

    text = "This text nests too deep or has too many parts to be shown. Make it simpler, or split it."


def sanitize(html: str, *, anchors: Collection[str] = ()) -> Markup:
    """`html` with only what an article may have; what is not allowed loses its tag and keeps its words.

    No style, script, form, frame, picture from elsewhere, handler, comment, class or id survives, but for
    `language-...` on code, the alignment of cells, and those of `anchors` (ids of headings that the caller
    made), each once.

    Raises:
        TooInvolved: it has more elements or nests deeper than the bounds.
    """
    if len(html) > LONGEST:
        raise TooInvolved
    return Markup(_cleaner().clean(_NO_CHARACTER.sub("\ufffd", html), set(anchors)))


class _Cleaner:
    """bleach's parts in a row. Its own row (`bleach.clean`) leaves character references as they are and guesses at
    them later; here they are read once, judged as what they mean, and written once.

    The parser makes its tree and its tokenizers itself and lets nobody choose, so the bounds are asked before those of
    their steps that make something.
    """

    def __init__(self) -> None:
        self.made = 0
        """Elements of the text at hand, whoever opens them anew."""
        self.parser = html5lib_shim.BleachHTMLParser(
            tags=TAGS | {"h1"}, strip=True, consume_entities=True, namespaceHTMLElements=False
        )
        _before(self.parser, "reset", self._begin)
        _before(self.parser.tree, "insertElementNormal", self._count)
        _before(self.parser.tree, "insertElementTable", self._count)  # what stands astray in a table
        self.walk = html5lib_shim.getTreeWalker("etree")
        self.serializer = html5lib_shim.HTMLSerializer(
            quote_attr_values="always",
            quote_char='"',
            omit_optional_tags=False,
            minimize_boolean_attributes=False,
            escape_lt_in_attrs=True,
            resolve_entities=False,
            alphabetical_attributes=False,
        )

    def clean(self, html: str, anchors: set[str]) -> str:
        """`html` with what is allowed."""

        def is_allowed(tag: str, name: str, value: str) -> bool:
            return _is_allowed(tag, name, value, anchors)

        tree = self.parser.parseFragment(html)
        allowed = sanitizer.BleachSanitizerFilter(
            self.walk(tree),
            allowed_tags=TAGS | {"h1"},
            attributes=is_allowed,
            allowed_protocols=SCHEMES,
            strip_disallowed_tags=True,
        )
        allowed.sanitize_characters = _as_it_is
        return str(self.serializer.render(_finished(allowed)))

    def _begin(self) -> None:
        """Each text begins at nought, with a tokenizer of its own."""
        self.made = 0
        _before(self.parser.tokenizer, "attributeNameState", self._count_attributes)

    def _count(self) -> None:
        self.made += 1
        if self.made > MOST_ELEMENTS or len(self.parser.tree.openElements) > DEEPEST:
            raise TooInvolved

    def _count_attributes(self) -> None:
        """html5lib compares each attribute with all before it."""
        if len(self.parser.tokenizer.currentToken["data"]) > MOST_ATTRIBUTES:
            raise TooInvolved


def _before(part: Any, step: str, check: Callable[[], None]) -> None:
    """Let `check` be asked whenever `part` takes this step."""
    take = getattr(part, step)

    def checked(*given: Any) -> Any:
        check()
        return take(*given)

    setattr(part, step, checked)


def _as_it_is(token: dict[str, Any]) -> dict[str, Any]:
    """What is said between tags: plain characters already, to be written as they are."""
    return token


class _Own(threading.local):
    """One for each thread: the parser has state."""

    cleaner: _Cleaner | None = None


_own = _Own()


def _cleaner() -> _Cleaner:
    if _own.cleaner is None:
        _own.cleaner = _Cleaner()
    return _own.cleaner


def _is_allowed(tag: str, name: str, value: str, unused_anchors: set[str]) -> bool:
    """Whether attribute `name` may stay. Schemes are bleach's to judge, after this."""
    if (tag, name) in _NUMBERS:
        return value.isdecimal() and value.isascii() and len(value) <= _NUMBERS[tag, name]
    if name == "src":
        return tag == "img" and OWN_IMAGE.fullmatch(value) is not None
    if name == "class":
        return _is_our_class(tag, value)
    if name == "id":
        is_ours = tag in HEADINGS and value in unused_anchors
        unused_anchors.discard(value)
        return is_ours
    return name in _FREE.get(tag, ())


def _is_our_class(tag: str, value: str) -> bool:
    if tag == "code":
        return _LANGUAGE.fullmatch(value) is not None
    return tag in {"td", "th"} and value in ALIGNMENTS


def _finished(source: Any) -> Iterator[dict[str, Any]]:
    """The last hand on what is left: headings, links and pictures as our pages want them."""
    for token in source:
        if token["type"] not in {"StartTag", "EndTag", "EmptyTag"}:
            yield token
            continue
        if token["name"] == "h1":
            token["name"] = "h2"
        if token["type"] != "EndTag":
            if token["name"] == "img" and (None, "src") not in token["data"]:
                yield {"type": "Characters", "data": token["data"].get((None, "alt"), "")}
                continue
            _finish(token["name"], token["data"])
        yield token


def _finish(tag: str, attributes: dict[tuple[None, str], str]) -> None:
    if tag == "a" and (None, "href") in attributes and _leads_out(attributes[None, "href"]):
        attributes[None, "rel"] = FOREIGN
    if tag == "img":
        attributes.setdefault((None, "alt"), "")
        attributes[None, "loading"] = "lazy"


def _leads_out(address: str) -> bool:
    """Whether a link may lead to another host: whatever is not surely ours."""
    return _OWN.match(_IGNORED_IN_ADDRESSES.sub("", address)) is None
