"""Articles as their authors type them."""

import re
import sys
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from app.kernel import html, markdown
from app.kernel.markdown import NotReadable, TooLong, render
from tests.kernel import harmless

ARTICLE = """\
# Before you *begin*

Order a [domain](/domains "Domains") or bring <https://elsewhere.example>.
It takes `5` minutes.

## Records

| kind | value |
|------|------:|
| A    | 192.0.2.1 |

## Records

```zone
@ IN A 192.0.2.1
```

![The ~~old~~ form](https://elsewhere.example/x.png)
"""


def test_an_article_is_drawn_with_its_contents():
    found = render(ARTICLE)

    assert found.contents == [
        markdown.Heading(2, "Before you begin", "on-before-you-begin"),
        markdown.Heading(2, "Records", "on-records"),
        markdown.Heading(2, "Records", "on-records-2"),
    ]
    for heading in found.contents:
        assert f'<h2 id="{heading.anchor}">' in found.html
    assert '<a href="https://elsewhere.example" rel="noopener nofollow ugc">' in found.html
    assert '<a href="/domains" title="Domains">domain</a>' in found.html
    assert '<td class="right">192.0.2.1</td>' in found.html
    assert '<pre><code class="language-zone">@ IN A 192.0.2.1\n</code></pre>' in found.html
    assert "<p>The old form</p>" in found.html


def test_its_words_are_found_without_its_marks():
    found = render(ARTICLE)

    assert found.plain.split("\n") == [
        "Before you begin",
        "Order a domain or bring https://elsewhere.example. It takes 5 minutes.",
        "Records", "kind", "value", "A", "192.0.2.1",
        "Records", "@ IN A 192.0.2.1",
        "The old form",
    ]  # fmt: skip


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (200, 1), (201, 2), (1000, 5)])
def test_a_minute_is_200_words(words, minutes):
    found = render("it’s " * words)

    assert (found.words, found.minutes) == (words, minutes)


@pytest.mark.parametrize(
    ("titles", "anchors"),
    [
        (["Über uns", "Ubër uns!"], ["on-uber-uns", "on-uber-uns-2"]),
        (["你好", "שלום", "Part"], ["on-part", "on-part-2", "on-part-3"]),
        (["a 2", "a", "a", "a"], ["on-a-2", "on-a", "on-a-3", "on-a-4"]),
        (["a", "a", "a 2", "a 2"], ["on-a", "on-a-2", "on-a-2-2", "on-a-2-3"]),
        (["x" * 200], ["on-" + "x" * 60]),
        (["location", "<b id=x>"], ["on-location", "on-b-id-x"]),
    ],
)
def test_headings_have_ids_of_their_own(titles, anchors):
    found = render("\n\n".join(f"## {title}" for title in titles))

    assert [heading.anchor for heading in found.contents] == anchors
    assert [each[1].get("id") for each in harmless.Read(found.html).elements] == anchors


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))", "[x](data:text/html,x)", "[x](vbscript:x)", "[x](java&#x73;cript:alert(1))", "[x](<java\tscript:alert(1)>)",
        "[x](java\nscript:alert(1))", "<javascript:alert(1)>", "<data:text/html;base64,x>", "[x]: javascript:alert(1)\n\n[x]", "[x](&#1;javascript:alert(1))",
        "![x](javascript:alert(1))", "![x](data:image/svg+xml,<svg/onload=alert(1)>)", "![x](data:image/png;base64,AAAA)", "![x\" onerror=alert(1)](/x)",
        "![x](http://evil.example/x.png)", "[![x](javascript:alert(1))](javascript:alert(1))", "[x](javascript&colon;alert(1))", "[x](\\javascript:alert(1))",
        "```x\" onclick=alert(1)\na\n```", "[x](/a \"b\" onclick=\"alert(1)\")", "[x](feed:javascript:alert(1))", "[x](%6aavascript:alert(1)&colon;)",
        "<img src=x onerror=alert(1)>", "a <!-- > --> b", "<!--> <b> -->", "<!---> x", "<!-- a -- b -->", "<script\n>alert(1)</script>", "<a href=\"javascript:alert(1)\">",
    ],
)  # fmt: skip
def test_no_mark_makes_anything_act(text):
    found = render(text).html

    assert harmless.left_to_remove(found) == []
    for tag, attributes in harmless.Read(found).elements:
        assert tag in {"p", "a", "pre", "code", "blockquote"}
        assert not any(name.startswith("on") for name in attributes)
        assert not attributes.get("href", "").strip().lower().startswith(("javascript:", "data:", "vbscript:", "feed:"))


@pytest.mark.needs_shared_data
def test_what_is_allowed_is_as_the_specification_says():
    """All 652 examples but those with raw HTML, which is shown as text, or with addresses that we refuse."""
    raw, ours = MarkdownIt("commonmark"), MarkdownIt("commonmark", {"html": False})
    examples = [each for each in harmless.examples() if raw.render(each["markdown"]) == ours.render(each["markdown"])]
    assert len(examples) > 550

    for each in examples:
        found, expected = harmless.Read(render(each["markdown"]).html), harmless.Read(each["html"])
        assert list(_as_ours(found.elements)) == list(_as_ours(expected.elements)), each["markdown"]
        if "<img" not in each["html"]:
            assert found.words.split() == expected.words.split(), each["markdown"]


def _as_ours(elements):
    """Elements without what this house does differently: first headings, ids, `rel`, foreign pictures and schemes."""
    for tag, attributes in elements:
        kept = {name: value for name, value in attributes.items() if name not in {"id", "rel"}}
        address = kept.get("href", "")
        if address.partition(":")[0].lower() not in html.SCHEMES and ":" in address.partition("/")[0]:
            del kept["href"]
        if not re.fullmatch(r"language-[\w+#.-]+", kept.get("class", "language-x"), re.ASCII):
            del kept["class"]
        if tag != "img":
            yield ("h2" if tag == "h1" else tag), kept


# --- texts made to keep the machine busy ---

BOMBS: dict[str, Callable[[int], str]] = {
    "prose": lambda size: "Lorem *ipsum* dolor **sit** `amet`.\n\n" * (size // 40),
    "brackets": lambda size: "[" * size,
    "nested links": lambda size: "[" * (size // 4) + "a" + "](b)" * (size // 6),
    "pictures": lambda size: "![a" * (size // 6) + "](b)" * (size // 8),
    "open links": lambda size: "[a](" * (size // 4),
    "emphasis": lambda size: "*a **a " * (size // 7),
    "nested emphasis": lambda size: "*_" * (size // 4) + "x" + "_*" * (size // 4),
    "one heading": lambda size: "# a\n" * (size // 4),
    "quotes": lambda size: "> " * (size // 2),
    "lazy quotes": lambda size: ">" * 20 + "a\n" * (size // 2),
    "nested lists": lambda size: ("- " * 9 + "a\n") * (size // 20),
    "back ticks": lambda size: "".join("e" + "`" * length for length in range(int((2 * size) ** 0.5))),
    "wide table": lambda size: "|" * 100 + "\n" + "|-" * 100 + "|\n" + "|\n" * (size // 2),
    "references": lambda size: "[a\n" * (size // 3),
    "comments": lambda size: "<!-- " * (size // 5),
    "entities": lambda size: "&#x" * (size // 3),
    "autolinks": lambda size: "<a:" * (size // 3),
}


def _calls(text: str) -> int:
    """How many functions run until `text` is drawn or refused: the same on every machine."""
    count = 0

    def seen(_frame: object, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(seen)
    try:
        render(text)
    except NotReadable:
        pass
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", BOMBS)
def test_time_grows_with_the_text_and_not_faster(kind):
    render("warm")

    assert _calls(BOMBS[kind](3000)) <= 2.6 * _calls(BOMBS[kind](1500)) + 5000


@pytest.mark.parametrize("kind", ["brackets", "pictures", "one heading", "nested lists", "wide table"])
def test_what_is_longer_is_refused_before_it_takes_long(kind):
    assert _calls(BOMBS[kind](markdown.LONGEST - 500)) < 1_500_000


@pytest.mark.parametrize(
    "text", ["> " * 20_000, "- " * 40 + "a", "[a]: /" + "x" * 9000 + "\n\n" + "[a] " * 1999, "a\n" * 6000]
)
def test_what_nobody_can_read_is_refused(text):
    with pytest.raises(NotReadable):
        render(text)


def test_a_text_is_as_long_as_its_place_allows():
    assert render("x" * markdown.LONGEST).words == 1
    with pytest.raises(TooLong, match="100,001 characters; 100,000"):
        render("x" * (markdown.LONGEST + 1))
    with pytest.raises(TooLong):
        render("x" * 11, longest=10)
