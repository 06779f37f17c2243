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
from tools.walk import (
    DESK,
    DESK_DARK,
    PHONE,
    PHONE_DARK,
    SEEN_ALREADY,
    House,
    Sight,
    Visitor,
    crawl,
    new_customer,
    set_password,
    sign_in,
)

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


class Witness:
    """Looks at pages on a desk and on a phone, light and dark; `found` is what is in somebody's way.

    What has nothing to do with colours is asked for once at each width.
    """

    def __init__(self, visitor: Visitor, axe: Axe) -> None:
        self.visitor, self.axe = visitor, axe
        self.seen: dict[str, int] = {}
        """Status of each path, in the order in which they were met."""
        self.found: list[str] = []

    def crawl(self, starts: list[str]) -> dict[str, str]:
        """Look at every page that links lead to, on the desk."""
        sight = self.visitor.open(DESK)
        pages = crawl(sight, starts, skip=SEEN_ALREADY, on_each=lambda path: self._look(sight, path, 200))
        sight.close()
        return pages

    def open(self, path: str, status: int = 200) -> None:
        """Look at a page that no link leads to, on the desk."""
        sight = self.visitor.open(DESK)
        sight.go(path, expect=(status,))
        self._look(sight, path, status)
        sight.close()

    def look_again(self) -> None:
        """Look at all of them on the desk when it is dark, and on the phone."""
        for look in (DESK_DARK, PHONE, PHONE_DARK):
            sight = self.visitor.open(look)
            for path, status in self.seen.items():
                sight.go(path, expect=(status,))
                self.found += barriers(sight, self.axe)
            sight.close()

    def _look(self, sight: Sight, path: str, status: int) -> None:
        self.seen[path] = status
        self.found += barriers(sight, self.axe)


def barriers(sight: Sight, axe: Axe) -> Iterator[str]:
    """What is in somebody's way on the page that is open: serious and critical ones."""
    if not sight.page.evaluate("'axe' in window"):
        sight.page.evaluate(axe.axe_script)
    for found in sight.page.evaluate("options => axe.run(document, options).then(found => found.violations)", AXE):
        if found["impact"] in {"serious", "critical"}:
            nodes = "; ".join(node["html"][:160] for node in found["nodes"][:3])
            yield f"{sight.look.name} {sight.page.url} {found['id']}: {found['help']}: {nodes}"


def signed_in(visitor: Visitor, house: House) -> None:
    """Let the owner in."""
    sight = visitor.open(DESK)
    sign_in(sight, house)
    sight.close()


def test_a_house_without_customers_is_whole(house, browser, axe):
    olive = Visitor(browser, house.url)
    signed_in(olive, house)
    witness = Witness(olive, axe)

    for path in ("/admin", "/admin/customers"):
        witness.open(path)
    witness.look_again()

    assert olive.faults == []
    assert witness.found == []


def test_every_page_is_whole_for_nobody(house, browser, axe):
    nobody = Visitor(browser, house.url)
    witness = Witness(nobody, axe)

    witness.crawl(["/sign-in", "/admin/sign-in"])
    witness.open("/no", 404)
    witness.open(BAD_LINK, 410)
    witness.look_again()

    assert nobody.faults == []
    assert witness.found == []


def test_every_page_is_whole_for_staff(house, browser, axe):
    olive = Visitor(browser, house.url)
    signed_in(olive, house)
    new_customer(house)
    witness = Witness(olive, axe)

    pages = witness.crawl(["/admin"])
    witness.open("/admin/no", 404)
    witness.look_again()

    assert {"/admin", "/admin/customers", "/admin/customers/*", "/admin/messages/*", "/admin/api-keys"} <= pages.keys()
    assert {"/admin/audit", "/admin/audit/*", "/admin/audit/figures", "/admin/audit?id&type"} <= pages.keys()
    assert olive.faults == []
    assert witness.found == []


def test_every_page_is_whole_for_customers(house, browser, axe):
    alice = Visitor(browser, house.url)
    desk = alice.open(DESK)
    set_password(desk, new_customer(house))
    desk.close()
    witness = Witness(alice, axe)

    pages = witness.crawl(["/client"])
    witness.open("/client/no", 404)
    witness.open("/admin", 403)
    witness.look_again()

    assert {"/client", "/client/services/*", "/client/billing/*", "/client/security/sessions"} <= pages.keys()
    assert alice.faults == []
    assert witness.found == []


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
        sight.page.get_by_role("region", name="People").get_by_role("link", name="Alice Marchetti").click()
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
    sight.page.get_by_role("region", name="People").get_by_role("link", name="Alice Marchetti").focus()
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
