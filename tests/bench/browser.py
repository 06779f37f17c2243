"""G15: what a browser that was never here loads, and whether the page jumps."""

from functools import cache
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.bench.goal import Bench, Goal
from tests.support.browser import WIDE, launch

MOST_KB = 150.0
PAGES = (("", "/sign-in"), ("client", "/client"), ("staff", "/admin"))
ASSETS = {"document", "stylesheet", "script", "image", "font", "manifest"}
"""What belongs to a page. What it asks for by itself later (xhr, fetch, eventsource, ping) does not."""
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value })
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 400);
})"""


def goals() -> list[Goal]:
    """Of the heaviest of the first pages."""
    return [
        Goal("G15 first page", f"KB over the line, of {MOST_KB:g}", "KB", 1.0, False, size),
        Goal("G15 requests", "other than the page and its own assets", "", 0.0, False, strange),
        Goal("G15 layout shift", "after the first paint", "", 0.0, False, shift),
    ]


def size(bench: Bench) -> tuple[float, float]:
    """Everything as it came over the line."""
    return max(one[0] for one in _seen(bench)), MOST_KB


def strange(bench: Bench) -> tuple[float, float]:
    """Requests to somebody else, or made by the page itself."""
    return float(sum(one[1] for one in _seen(bench))), 1.0


def shift(bench: Bench) -> tuple[float, float]:
    """The sum of the shifts, as Chromium counts them."""
    return round(max(one[2] for one in _seen(bench)), 4), 1.0


def _seen(bench: Bench) -> list[tuple[float, int, float]]:
    return [_visit(bench.panel.url, path, bench.people[who][0] if who else "") for who, path in PAGES]


@cache
def _visit(base: str, path: str, token: str) -> tuple[float, int, float]:
    """Bytes in KB, strange requests, layout shift; by a browser with an empty profile."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(viewport=WIDE)
        if token:
            context.add_cookies([{"name": "mpanel", "value": token, "url": base}])
        page = context.new_page()
        sizes, strangers = _watch(page, base)
        page.goto(base + path, wait_until="networkidle")
        moved = page.evaluate(SHIFT)
        found = sum(sizes) / 1000, len(strangers), float(moved)
        browser.close()
    return found


def _watch(page: Page, base: str) -> tuple[list[float], list[str]]:
    sizes: list[float] = []
    strangers: list[str] = []
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda said: sizes.append(said["encodedDataLength"]))

    def judge(request) -> None:
        is_own = request.resource_type in ASSETS or urlsplit(request.url).path.startswith("/static/")
        if urlsplit(request.url).netloc != urlsplit(base).netloc or not is_own:
            strangers.append(request.url)

    page.on("request", judge)
    return sizes, strangers
