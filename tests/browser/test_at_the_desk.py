"""At the desk in Chromium: the palette (Ctrl K) by keyboard, on a phone, and for those who cannot see it; exports of
what is filtered; forms that were refused, with the error at its field and the focus there; parts that open by choice.
"""

import csv
import io
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.test_every_page import AXE
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel
from tools.walk import DESK, PHONE, PHONE_DARK, House, Look, Visitor, new_customer, sign_in

pytestmark = [pytest.mark.needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def signed_in(panel: Panel, browser: Browser) -> Visitor:
    house = House(panel.url, OWNER_EMAIL, OWNER_PASSWORD, panel.api_key())
    new_customer(house)
    made = Visitor(browser=browser, url=panel.url)
    sight = made.open(DESK)
    sign_in(sight, house)
    sight.close()
    return made


@pytest.fixture
def visitor(signed_in: Visitor) -> Visitor:
    """The owner, who has seen nothing wrong yet."""
    signed_in.faults.clear()
    return signed_in


def marked(page: Page) -> str:
    return page.locator("#palette [aria-selected=true]").inner_text()


def test_somebody_without_a_mouse_finds_a_customer(visitor):
    sight = visitor.open(DESK)
    page = sight.page
    sight.go("/admin/products")
    page.keyboard.press("Control+k")
    page.keyboard.type("marche", delay=20)
    page.wait_for_selector("#palette_results .opt")

    first = marked(page)
    assert "Alice Marchetti" in first
    page.keyboard.press("ArrowDown")
    assert marked(page) != first
    page.keyboard.press("ArrowUp")
    assert marked(page) == first
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/customers/*")
    page.keyboard.press("Control+k")
    assert page.locator("#palette[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#palette[open]").count() == 0
    assert visitor.faults == []
    sight.close()


@pytest.mark.parametrize("look", [DESK, PHONE_DARK], ids=lambda look: look.name)
def test_the_open_palette_is_in_nobodys_way(visitor, look: Look):
    sight = visitor.open(look)
    page = sight.page
    sight.go("/admin/customers")
    page.locator("[data-palette-open]:visible").click()
    page.keyboard.type("alice", delay=20)
    page.wait_for_selector("#palette_results .opt")

    found = Axe().run(page, options=AXE).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
    page.locator("#palette_results .opt").first.click()
    page.wait_for_url("**/admin/customers/*")
    assert visitor.faults == []
    sight.close()


def test_an_export_takes_the_filters_that_are_on_when_it_is_asked_for(visitor):
    sight = visitor.open(DESK)
    page = sight.page
    sight.go("/admin/customers")
    page.get_by_label("Find customers").fill("nobody")
    page.wait_for_selector("text=Nothing matches")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="As CSV").click()

    rows = list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig"))))
    assert waiting.value.suggested_filename.startswith("customers-")
    assert len(rows) == 1
    sight.close()


def test_on_a_phone_menus_stay_in_the_window_and_the_open_tab_is_seen(visitor: Visitor) -> None:
    sight = visitor.open(PHONE)
    for path in ("/admin/audit", "/admin/customers", "/admin/orders"):
        sight.go(path)
        sight.page.locator(".mp-head summary", has_text="Export").click()
        for item in sight.page.locator(".mp-head .dropdown-item").all():
            box = item.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE.width
    sight.go("/admin/settings/logs")

    tab = sight.page.locator(".mp-tabs [aria-current]").bounding_box()

    assert tab is not None
    assert tab["x"] + tab["width"] <= PHONE.width
    assert visitor.faults == []
    sight.close()


def test_some_events_opens_their_list_and_everything_closes_it(visitor: Visitor) -> None:
    sight = visitor.open(DESK)
    sight.go("/admin/integrations/webhooks/new")
    events = sight.page.locator("#events")
    assert events.get_attribute("open") is None

    sight.page.get_by_label("Some events").check()
    assert events.get_attribute("open") is not None
    sight.page.get_by_label("Everything").check()

    assert events.get_attribute("open") is None
    sight.close()


def test_a_dialog_that_was_refused_is_open_again_with_the_focus_on_the_field(visitor: Visitor) -> None:
    sight = visitor.open(DESK)
    page = sight.page
    sight.go("/admin/subscriptions")
    page.locator("#rows td.first a").first.click()
    sight.expected = (200, 422)
    page.get_by_role("button", name="End now").click()
    reason = page.get_by_label("Reason")
    reason.evaluate("field => { field.removeAttribute('maxlength'); field.required = false; }")
    reason.fill("x" * 201)
    page.get_by_role("button", name="End it now").click()
    page.wait_for_selector("dialog:modal")

    assert page.locator("dialog:modal .form-error").inner_text() == "At most 200 characters."
    assert page.evaluate("document.activeElement.id") == "termination-reason"
    assert page.locator("#termination-reason").input_value() == "x" * 201
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    sight.close()


def test_tabs_above_a_list_keep_what_was_looked_for(visitor: Visitor) -> None:
    sight = visitor.open(DESK)
    page = sight.page
    sight.go("/admin/provisioning?state=all")
    page.get_by_label("Find tasks").type("marche", delay=10)
    page.wait_for_url("**q=marche*")
    page.get_by_role("link", name="Given up").click()
    page.wait_for_url("**state=failed*")

    assert "q=marche" in page.url
    assert page.get_by_label("Find tasks").input_value() == "marche"
    assert [fault for fault in visitor.faults if "ERR_ABORTED" not in fault] == []  # a click ends a search on its way
    sight.close()
