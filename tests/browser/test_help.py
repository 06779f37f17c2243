"""The help centre in Chromium: written at the desk, found as one types, voted on; and nothing in it ever runs."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_every_page import barriers
from tools.walk import DESK, PHONE, PHONE_DARK, Visitor

pytestmark = [pytest.mark.needs_chromium, pytest.mark.slow]

RUNS = "window.ran = (window.ran || 0) + 1"
PAYLOADS = (
    f"<script>{RUNS}</script>", f"<img src=x onerror='{RUNS}'>", f"\"><svg/onload={RUNS}>", f"'-({RUNS})-'",
    f"</title><script>{RUNS}</script>", f"{{{{constructor.constructor('{RUNS}')()}}}}", f"<a href=javascript:{RUNS}>a</a>",
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'>", "<img src=//evil.example/x>", "&lt;b&gt;", "</script><b onmouseover=x>",
)  # fmt: skip
LINE = "".join(PAYLOADS)[:150]
MARKDOWN = "\n\n".join(
    (
        "# Mail <b>one</b>", *PAYLOADS, f"[a](javascript:{RUNS})", f"[b]( java\tscript:{RUNS})", f"[c](data:text/html,<script>{RUNS}</script>)",
        f"![d](x \"onerror={RUNS}\")", "![e](https://evil.example/e.png)", f"<javascript:{RUNS}>", f"[f]: vbscript:{RUNS}\n[f]",
        f"| a |\n| - |\n| <img src=x onerror={RUNS}> |", f"```html\n<script>{RUNS}</script>\n```", "## The end",
    )
)  # fmt: skip


def write(sight, title, body, **fields):
    """At the desk, as somebody does it; the address of the desk."""
    sight.go("/admin/kb/new")
    page = sight.page
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Text in Markdown").fill(body)
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " "), exact=False).first.fill(text)
    page.get_by_role("button", name="Keep as a draft").click()
    page.wait_for_url(re.compile(r"/admin/kb/[0-9a-f-]{36}$"))
    page.wait_for_load_state("networkidle")
    return "/" + page.url.split("/", 3)[3]


def test_an_article_is_written_with_a_live_preview_and_read_found_and_voted_on(owner, browser, panel):
    sight = owner.open(DESK)
    page = sight.page
    write(sight, "Set up mail on iPhone", "Open Settings.", Tags="imap")
    text = page.get_by_label("Text in Markdown")
    text.fill("Open **Settings**.")
    page.locator("#preview strong", has_text="Settings").wait_for()
    text.press("Control+a")
    page.get_by_role("button", name="Steps").click()
    page.locator("#preview ol li").wait_for()
    assert text.input_value() == "1. Open **Settings**."
    page.keyboard.press("Control+s")
    page.locator("#toasts", has_text="Kept.").wait_for()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.locator("#toasts", has_text="Published.").wait_for()
    sight.close()
    assert owner.faults == []

    reader = Visitor(browser=browser, url=panel.url)
    sight = reader.open(PHONE)
    page = sight.page
    sight.go("/help")
    page.get_by_label("Search the help centre").press_sequentially("mial on ipho", delay=10)
    page.locator("#hits a mark", has_text="iPhone").first.wait_for()
    page.locator("#hits a").first.click()
    page.wait_for_url("**/help/set-up-mail-on-iphone?q=*")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")  # the part that comes then takes the place of #vote
    page.get_by_role("button", name="Not quite").click()
    page.get_by_text("We will look into it.").wait_for()
    page.get_by_role("link", name="Add a word").click()
    page.get_by_label("What was missing").fill("The port.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="Change it").wait_for()
    assert page.url.endswith("/help/set-up-mail-on-iphone?q=mial%20on%20ipho") or "q=mial" in page.url
    sight.close()
    assert reader.faults == []


def test_nothing_that_somebody_wrote_runs_or_loads_anywhere(owner, panel):
    sight = owner.open(DESK)
    page = sight.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
    desk = write(sight, f"Mail {LINE}", MARKDOWN, Tags=LINE[:30], For_search_engines=LINE, Title_there=LINE)
    page.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_load_state("networkidle")  # a page that is left breaks off what it asks for
    address = page.locator(".lede .mono").inner_text()
    page.get_by_label("Text in Markdown").fill(MARKDOWN + "\n\nMore.")
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Keep").first.click()
    page.wait_for_load_state("networkidle")
    sight.go(f"{address}/vote?helpful=no")
    page.get_by_label("What was missing").fill(LINE)
    page.get_by_role("button", name="Send").click()
    page.wait_for_load_state("networkidle")

    payload = "%3Cb%20onmouseover%3D%22mail%3Cscript%3E"
    for path in ("/help", f"/help?q={payload}", f"/help/search?q={payload}", "/help/search?q=constructor", address, "/admin/kb",
                 desk, f"{desk}/versions", f"{desk}/versions/1", f"{desk}/versions/2", "/admin/kb/figures",
                 "/admin/kb?q=%3Cscript%3E", "/admin/audit"):  # fmt: skip
        sight.go(path)
        page.mouse.move(200, 300)
        assert page.evaluate("window.ran || 0") == 0, path
        assert page.locator("main script, main iframe, main [onerror], main [onload], main [onmouseover]").count() == 0
    sight.go("/admin")
    page.keyboard.press("Control+k")
    page.keyboard.type("mail")
    page.locator("#palette_results .opt").first.wait_for()

    assert page.evaluate("window.ran || 0") == 0
    assert [url for url in asked if not url.startswith((panel.url, "data:"))] == []
    assert owner.faults == []
    sight.close()


def test_the_pages_are_in_nobodys_way(owner):
    axe, found = Axe(), []
    sight = owner.open(DESK)
    desk = write(
        sight, "A page to look at", "Words.\n\n## One\n\n```\ncode\n```\n\n## Two\n\n| a | b |\n| - | -: |\n| 1 | 2 |\n"
    )
    sight.page.get_by_role("button", name="Publish", exact=True).click()
    sight.page.wait_for_load_state("networkidle")
    sight.close()

    for look in (DESK, PHONE_DARK):
        sight = owner.open(look)
        for path in ("/help", "/help?q=page", "/help?q=zzzz", "/help/search?q=page", "/help/search?q=zzzz",
                     "/help/a-page-to-look-at", "/help/a-page-to-look-at/vote?helpful=no", "/admin/kb/new", desk,
                     f"{desk}/versions", f"{desk}/versions/1", "/admin/kb/topics", "/admin/kb/figures"):  # fmt: skip
            sight.go(path)
            found += barriers(sight, axe)
        sight.close()

    assert found == []
    assert owner.faults == []
