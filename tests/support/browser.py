"""Debian's Chromium under Playwright's driver. Nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def launch(playwright: Playwright, *more: str) -> Browser:
    """Headless Chromium from the PATH, with `more` arguments."""
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("chromium is not on the PATH: apt-get install chromium")
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *alone, *more])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the test process. Mark the test `needs_chromium`."""
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile of its own: cookies of no other test."""
    context = browser.new_context(viewport=WIDE, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def browser_page(browser_context: BrowserContext) -> Iterator[Page]:
    """A tab whose script errors and policy violations fail the test."""
    page = browser_context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda problem: troubles.append(str(problem)))
    page.on("console", lambda line: troubles.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    assert not troubles, f"the page complained: {troubles}"
