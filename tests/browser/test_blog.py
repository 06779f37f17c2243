"""The blog and what customers say in Chromium: written, shown, and nothing in it ever runs."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.test_help import LINE, MARKDOWN
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD
from tools.walk import DESK, House, Visitor, sign_in

pytestmark = [pytest.mark.needs_chromium, pytest.mark.slow]


def test_markup_from_outside_runs_on_no_page_and_asks_nobody(panel, browser: Browser):
    owner = Visitor(browser=browser, url=panel.url)
    sight = owner.open(DESK)
    sign_in(sight, House(panel.url, OWNER_EMAIL, OWNER_PASSWORD, ""))
    page, asked = sight.page, []
    sight.context.on("request", lambda request: asked.append(request.url))
    sight.go("/admin/blog/new")
    page.get_by_label("Title", exact=True).fill(LINE)
    page.get_by_label("Text in Markdown").fill(MARKDOWN)
    for label, longest in (("Summary", 150), ("Author", 80), ("Category", 60)):
        page.get_by_label(label).fill(LINE[:longest])
    page.get_by_label("Tags").fill("x<script>window.ran=1</script>")
    page.locator("#preview h2", has_text="The end").wait_for()
    assert page.evaluate("window.ran") is None
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/admin/blog/[0-9a-f-]{36}$"))
    desk, post = "/" + page.url.split("/", 3)[3], page.locator(".lede .mono").inner_text()
    sight.go("/admin/testimonials/new")
    page.get_by_label("Their words").fill(LINE)
    for label in ("Name", "Company"):
        page.get_by_label(label).fill(LINE[:80])
    page.get_by_label("5 stars").check()
    for name in ("Write it down", "Approve"):
        page.get_by_role("button", name=name).click()
    page.wait_for_load_state()

    for path in (
        post,
        "/blog",
        "/blog?q=mail",
        "/testimonials",
        desk,
        f"{desk}/preview",
        "/admin/blog",
        "/admin/testimonials",
    ):
        sight.go(path)
        assert page.evaluate("window.ran") is None, path
    assert [url for url in asked if not url.startswith((panel.url, "data:"))] == []
    assert owner.faults == []
