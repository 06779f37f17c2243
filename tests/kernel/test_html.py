"""Whatever comes in as HTML, nothing of it acts: held against nh3 and against Chromium."""

import pytest
from playwright.sync_api import BrowserContext

from app.kernel import html, markdown
from app.kernel.html import TooInvolved, sanitize
from tests.kernel import harmless

PICTURE = "/files/0192f1d0-7d3c-7000-8000-000000000001/plan.png"


def test_what_an_article_needs_stays():
    kept = (
        '<h2>a</h2><p>x <em>b</em> <strong>c</strong> <del>d</del> <kbd>e</kbd> <sub>f</sub><sup>g</sup><br></p><hr>'
        '<blockquote><p>h</p></blockquote><pre><code class="language-c++">i &lt; j &amp; k</code></pre>'
        '<ol start="3"><li>l</li></ol><ul><li>m</li></ul><details open=""><summary>n</summary>o</details>'
        '<table><thead><tr><th class="right">p</th></tr></thead><tbody><tr><td colspan="2">q</td></tr></tbody></table>'
    )  # fmt: skip

    assert sanitize(kept) == kept


@pytest.mark.parametrize(
    ("address", "rel"),
    [
        ("https://elsewhere.example/a?b=1&amp;c=2", "noopener nofollow ugc"),
        ("http://elsewhere.example", "noopener nofollow ugc"),
        ("//elsewhere.example", "noopener nofollow ugc"),
        ("/\\elsewhere.example", "noopener nofollow ugc"),
        ("\t//elsewhere.example", "noopener nofollow ugc"),
        ("/help/first-steps", None),
        ("#on-top", None),
        ("?page=2", None),
        ("next", None),
        ("mailto:help@house.example", None),
    ],
)
def test_a_link_that_leads_out_says_so(address, rel):
    ((_, attributes),) = harmless.Read(sanitize(f'<a href="{address}" rel="opener">x</a>')).elements

    assert "href" in attributes
    assert attributes.get("rel") == rel


def test_only_own_pictures_are_shown_and_the_others_leave_their_words():
    assert sanitize(f'<img src="{PICTURE}" alt="A plan">') == f'<img src="{PICTURE}" alt="A plan" loading="lazy">'
    assert sanitize('<img src="https://elsewhere.example/x.png" alt="A &lt;plan&gt;">') == "A &lt;plan&gt;"
    assert sanitize(f'<img src="{PICTURE}" loading="eager">') == f'<img src="{PICTURE}" alt="" loading="lazy">'


def test_ids_are_ours_and_each_stands_once():
    given = '<h2 id="on-a">a</h2><h3 id="on-a">b</h3><h2 id="on-b">c</h2><p id="on-c">d</p><h1 id="on-d">e</h1>'

    assert sanitize(given) == "<h2>a</h2><h3>b</h3><h2>c</h2><p>d</p><h2>e</h2>"
    assert sanitize(given, anchors=["on-a", "on-c"]) == (
        '<h2 id="on-a">a</h2><h3>b</h3><h2>c</h2><p>d</p><h2>e</h2>'
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        'a &lt; b &amp;lt; c &amp;amp; d &copy; e &nosuch; f & g &#39; h " i',
        "&amp;#60;script&amp;#62;",
        "&#0; &#x1F600;",
    ],
)
def test_a_second_time_changes_nothing(text):
    once = sanitize(f"<abbr title='{text}'>{text}</abbr>")

    assert sanitize(once) == once
    ((_, attributes),), words = harmless.Read(once).elements, harmless.Read(once).words
    assert attributes["title"] == words


@pytest.mark.parametrize("text", harmless.CASES)
def test_nothing_is_left_to_remove(text):
    for cleaned in (sanitize(text), markdown.render(text).html):
        assert harmless.left_to_remove(cleaned) == []
        cleaned.encode()


@pytest.mark.needs_shared_data
def test_nothing_of_the_known_evasions_is_left_to_remove():
    payloads = harmless.payloads()
    assert len(payloads) == 110

    for text in payloads:
        for cleaned in (sanitize(text), markdown.render(text).html):
            assert harmless.left_to_remove(cleaned) == [], text


@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 200,
        "<blockquote>" * 200,
        "<p>x" * 11_000,
        "<a " + "a " * 40_000 + ">",
        "".join(f"<a href=/{number}>" for number in range(90)) + "<p>x" * 11_000,
        "<p><b></p>" * 5_000,
        "x" * (html.LONGEST + 1),
    ],
    ids=["deep", "deeper", "many", "attributes", "opened anew", "misnested", "long"],
)
def test_what_keeps_the_machine_busy_is_refused(text):
    with pytest.raises(TooInvolved):
        sanitize(text)

    assert sanitize("<p>After it</p>") == "<p>After it</p>"


# --- in a browser ---

CANARY = """
window.hits = [];
for (const name of ["alert", "prompt", "confirm", "print", "msgbox", "open"])
    window[name] = (...words) => { window.hits.push(name + ": " + words.join(" ")); };
window.addEventListener("securitypolicyviolation", event => window.hits.push("policy: " + event.blockedURI));
"""
TOUCH = """async () => {
    const kinds = ["mouseover", "mousemove", "focus", "blur", "click", "toggle", "load", "error", "animationstart"];
    for (const each of document.body.querySelectorAll("*")) {
        if (each.localName === "a" && !(each.protocol === "javascript:"))
            each.addEventListener("click", event => event.preventDefault());
        for (const kind of kinds) each.dispatchEvent(new Event(kind, {bubbles: false, cancelable: true}));
        if (each.localName === "a" && each.protocol === "javascript:") each.click();
    }
    await new Promise(done => setTimeout(done, 300));
    return window.hits;
}"""
HOME = "http://house.example/"


def _acts(context: BrowserContext, pieces: list[str]) -> list[str]:
    """What `pieces` do in a page without any policy: scripts that ran, requests, navigations, shadowed names."""
    acts: list[str] = []
    articles = "".join(f"<article>{piece}</article>" for piece in pieces)
    page = context.new_page()
    page.add_init_script(CANARY)

    def answer(route):
        if route.request.url == HOME:
            return route.fulfill(content_type="text/html; charset=utf-8", body=f"<!doctype html><body>{articles}")
        acts.append(f"request: {route.request.url}")
        return route.abort()

    page.route("**/*", answer)
    page.on("dialog", lambda dialog: (acts.append("dialog"), dialog.dismiss()))
    page.goto(HOME, wait_until="domcontentloaded")
    acts += page.evaluate(TOUCH)
    acts += page.evaluate(
        "Object.getOwnPropertyNames(document.forms).concat([...document.querySelectorAll('[name]')].map(e => e.name))"
    )
    if page.url != HOME or page.locator("article").count() != len(pieces):
        acts.append(f"navigation: {page.url}")
    page.close()
    return acts


@pytest.mark.needs_chromium
@pytest.mark.needs_shared_data
def test_nothing_acts_in_a_browser(browser_context):
    given = [*harmless.CASES, *harmless.payloads()]
    pieces = [str(cleaned) for text in given for cleaned in (sanitize(text), markdown.render(text).html)]

    assert _acts(browser_context, pieces) == []


@pytest.mark.needs_chromium
@pytest.mark.parametrize(
    ("raw", "act"),
    [
        ("<img src=x onerror=alert(1)>", "alert: 1"),
        ("<a href='javascript:alert(2)'>x</a>", "alert: 2"),
        ("<p onmouseover=alert(3)>x</p>", "alert: 3"),
        ("<script>alert(4)</script>", "alert: 4"),
        ("<img src=http://evil.example/x>", "request: http://evil.example/x"),
        ("<img name=getElementById>", "getElementById"),
    ],
)
def test_the_browser_would_tell(browser_context, raw, act):
    assert act in _acts(browser_context, [raw])
