"""Every page that a link leads to, in Chromium, on a desk and on a phone, light and dark.

Nothing may be refused by the policy, complain in the console, stick out
sideways, lead nowhere, or be in the way of those who cannot see or point.
"""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.mail import MailServer
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel, install
from tests.support.stores import Stores
from tools.walk import DESK, DESK_DARK, LOOKS, PHONE, House, Sight, Visitor, crawl, new_customer, set_password, sign_in

pytestmark = [pytest.mark.needs_chromium, pytest.mark.slow]

BAD_LINK = f"/set-password?token={'A' * 43}"
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def panel(stores: Stores) -> Iterator[Panel]:
    """One installation for this file, with a mail server. It begins without customers."""
    server = MailServer()
    made = install(stores, "sqlite", SMTP_URL=server.url)
    yield made.start()
    made.remove()
    stores.drop(made.database_url)
    server.stop()


@pytest.fixture(scope="module")
def house(panel: Panel) -> House:
    """What opens it."""
    return House(panel.url, OWNER_EMAIL, OWNER_PASSWORD, panel.api_key())


@pytest.fixture
def axe() -> Axe:
    return Axe()


def seen_in_every_look(visitor: Visitor, pages: dict[str, tuple[str, int]], axe: Axe) -> Iterator[str]:
    """Open each page (name: path and status) in each look; yields what axe finds."""
    for look in LOOKS:
        sight = visitor.open(look)
        for path, status in pages.values():
            sight.go(path, expect=(status,))
            yield from barriers(sight, axe)
        sight.close()


def barriers(sight: Sight, axe: Axe) -> Iterator[str]:
    """What is in somebody's way on the page that is open: serious and critical ones."""
    for found in axe.run(sight.page, options=AXE).response["violations"]:
        if found["impact"] in {"serious", "critical"}:
            nodes = "; ".join(node["html"][:160] for node in found["nodes"][:3])
            yield f"{sight.look.name} {sight.page.url} {found['id']}: {found['help']}: {nodes}"


def signed_in(visitor: Visitor, house: House) -> None:
    """Let the owner in."""
    sight = visitor.open(DESK)
    sign_in(sight, house)
    sight.close()


def walk(visitor: Visitor, starts: list[str]) -> dict[str, tuple[str, int]]:
    """All pages behind links, each expected to be fine."""
    first = visitor.open(DESK)
    pages = crawl(first, starts)
    first.close()
    return {key: (path, 200) for key, path in pages.items()}


def test_a_house_without_customers_is_whole(house, browser, axe):
    olive = Visitor(browser, house.url)
    signed_in(olive, house)

    found = [*seen_in_every_look(olive, {"today": ("/admin", 200), "customers": ("/admin/customers", 200)}, axe)]

    assert olive.faults == []
    assert found == []


def test_every_page_is_whole_for_everybody(house, browser, axe):
    nobody, olive, alice = (Visitor(browser, house.url) for _ in range(3))
    signed_in(olive, house)
    desk = alice.open(DESK)
    set_password(desk, new_customer(house))
    desk.close()
    doors = walk(nobody, ["/sign-in", "/admin/sign-in"])
    staff, portal = walk(olive, ["/admin"]), walk(alice, ["/client"])

    found = [
        *seen_in_every_look(nobody, {**doors, "?": ("/no", 404), "!": (BAD_LINK, 410)}, axe),
        *seen_in_every_look(olive, {**staff, "?": ("/admin/no", 404)}, axe),
        *seen_in_every_look(alice, {**portal, "?": ("/client/no", 404), "!": ("/admin", 403)}, axe),
    ]

    assert {"/admin", "/admin/customers", "/admin/customers/*", "/admin/messages/*", "/admin/api-keys"} <= staff.keys()
    assert {"/client", "/client/services/*", "/client/billing/*", "/client/security/sessions"} <= portal.keys()
    assert [*nobody.faults, *olive.faults, *alice.faults] == []
    assert found == []


def test_what_opens_over_a_page_is_whole_too(house, browser, axe):
    olive = Visitor(browser, house.url)
    signed_in(olive, house)
    new_customer(house)
    found = []
    for look in (DESK, DESK_DARK, PHONE):
        sight = olive.open(look)
        sight.go("/admin")
        sight.page.keyboard.press("Control+k")
        sight.page.get_by_role("option", name="Customers").wait_for()
        found += barriers(sight, axe)
        sight.page.keyboard.type("custo")
        sight.page.keyboard.press("Enter")
        sight.page.wait_for_url("**/admin/customers")
        sight.page.get_by_role("link", name="Alice Marchetti").first.click()
        sight.page.get_by_role("button", name="New password link for Alice Marchetti").click()
        sight.page.get_by_role("dialog").wait_for()
        found += barriers(sight, axe)
        sight.page.keyboard.press("Escape")
        sight.page.locator(".mp-account > summary").click()
        found += barriers(sight, axe)
        sight.close()

    assert olive.faults == []
    assert found == []


def test_a_fresh_link_is_sent_by_keyboard_alone(house, browser):
    olive = Visitor(browser, house.url)
    sight = olive.open(DESK)
    sign_in(sight, house)
    new_customer(house)
    sight.go("/admin/customers")
    sight.page.get_by_role("link", name="Alice Marchetti").first.focus()
    sight.page.keyboard.press("Enter")
    sight.page.get_by_role("button", name="New password link for Alice Marchetti").focus()
    sight.page.keyboard.press("Enter")
    sight.page.get_by_role("button", name="Send the link").focus()
    sight.page.keyboard.press("Enter")

    sight.page.get_by_text("A link is on its way").wait_for()
    assert sight.page.get_by_text("Asked for a password link").count() == 1
    assert olive.faults == []


def test_pages_are_of_use_without_scripts(house, browser):
    olive = Visitor(browser, house.url)
    signed_in(olive, house)
    context = browser.new_context(java_script_enabled=False, storage_state=olive.state)
    page = context.new_page()
    page.goto(f"{house.url}/admin")

    page.get_by_role("region", name="New customers").get_by_text("Numbers as a table").click()
    assert page.get_by_role("columnheader", name="New customers").is_visible()
    assert not page.locator("[data-palette-open]").first.is_visible()
    context.close()
