"""What the browser's tests begin with."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel, install
from tests.support.stores import Stores
from tools.walk import DESK, House, Visitor, sign_in


@pytest.fixture(scope="module")
def panel(stores: Stores) -> Iterator[Panel]:
    """One installation for this file alone."""
    made = install(stores, "sqlite")
    yield made.start()
    made.remove()
    stores.drop(made.database_url)


@pytest.fixture(scope="module")
def owner(panel: Panel, browser: Browser) -> Visitor:
    """Signed in."""
    made = Visitor(browser=browser, url=panel.url)
    sight = made.open(DESK)
    sign_in(sight, House(panel.url, OWNER_EMAIL, OWNER_PASSWORD, ""))
    sight.close()
    return made
