"""Forms in Chromium: what was refused comes back with the error at its field and the focus there; parts open by choice."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel
from tests.support.stores import Stores
from tools.walk import DESK, House, Visitor, new_customer, sign_in

pytestmark = [pytest.mark.needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def panel(stores: Stores) -> Iterator[Panel]:
    """One installation for this file, with one customer: Alice."""
    made = Panel(stores.fresh("sqlite"))
    made.init()
    yield made.start()
    made.remove()
    stores.drop(made.database_url)


@pytest.fixture(scope="module")
def visitor(panel: Panel, browser: Browser) -> Visitor:
    house = House(panel.url, OWNER_EMAIL, OWNER_PASSWORD, panel.api_key())
    new_customer(house)
    made = Visitor(browser=browser, url=panel.url)
    sight = made.open(DESK)
    sign_in(sight, house)
    sight.close()
    return made


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
    assert visitor.faults == []
    sight.close()
