"""Going through the running panel as people do: every page that a link leads to, watched for faults.

Used by `tools/screenshots.py` and by `tests/browser`. A page is one address
pattern: of a hundred customers, one is opened.
"""

import json
import re
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.browser import launch

QUIET = (
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)
"""Names under .example lead to this machine; colours are the same on every one."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}")
_NAMED = re.compile(
    r"^(/help/(?:tags|topics)/|/blog/|/help/)(?!(?:search|tags|topics|feed\.xml|sitemap\.xml)(?:/|$))[^/]+"
)
"""What is called by a name that somebody gave it: an article, a tag, a topic, a post."""
SEEN_ALREADY = (
    "/admin/audit/people?", "/admin/audit?action&from", "/admin/audit?cursor&from", "/admin/audit?from",
    "/admin/audit?id&type&user", "/admin/audit?request&user",
)  # fmt: skip
"""The log narrowed by several things at once: the same page as by one."""
_WATCH = (
    "document.addEventListener('securitypolicyviolation', (e) => "
    "console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI))"
)
_STRAY = """() => [...document.querySelectorAll('main *, header *, footer *, nav *')].filter((e) => {
  const box = e.getBoundingClientRect();
  if (!box.width || box.right <= document.documentElement.clientWidth + 1) return false;
  for (let up = e.parentElement; up; up = up.parentElement)
    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) return false;
  return getComputedStyle(e).position !== 'fixed';
}).slice(0, 3).map((e) => e.tagName.toLowerCase() + '.' + e.className)"""


@dataclass(frozen=True)
class Look:
    """How somebody looks at the panel."""

    width: int
    height: int
    theme: str

    @property
    def name(self) -> str:
        return f"{self.width}-{self.theme}"


PASSWORD = secrets.token_urlsafe(12)
"""What the customers of this walk choose."""

DESK, DESK_DARK = Look(1440, 900, "light"), Look(1440, 900, "dark")
PHONE, PHONE_DARK = Look(390, 844, "light"), Look(390, 844, "dark")
LOOKS = (DESK, DESK_DARK, PHONE, PHONE_DARK)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = launch(playwright, *QUIET)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own (cookies), and the faults that were seen on the way."""

    browser: Browser
    url: str
    state: dict = field(default_factory=dict)
    """Playwright's storage state: the login."""
    faults: list[str] = field(default_factory=list)

    def open(self, look: Look) -> "Sight":
        """A window of that size and theme."""
        context = self.browser.new_context(
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.theme,
            storage_state=self.state or None,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        return Sight(self, look, context)


class Sight:
    """One window of a visitor."""

    def __init__(self, visitor: Visitor, look: Look, context: BrowserContext) -> None:
        self.visitor, self.look, self.context = visitor, look, context
        self.page: Page = context.new_page()
        self.page.add_init_script(_WATCH)
        self.page.on("console", lambda said: said.type == "error" and self._note(f"console: {said.text}"))
        self.page.on("pageerror", lambda problem: self._note(f"script: {problem}"))
        self.page.on("requestfailed", lambda request: self._note(f"not loaded: {request.url} {request.failure}"))
        self.expected: tuple[int, ...] = (200,)

    def _note(self, fault: str) -> None:
        refused = re.search(r"status of (\d+)", fault)
        if refused and int(refused[1]) in self.expected:
            return  # the page's own status, which the caller expects
        if "Cross-Origin-Opener-Policy" in fault and ".example" in fault + self.page.url:
            return  # plain http beyond loopback: only the page for unknown names is ever served so
        self.visitor.faults.append(f"{self.look.name} {self.page.url}: {fault}")

    def go(self, path: str, *, expect: tuple[int, ...] = (200,)) -> int:
        """Open `path`; another status than expected, or sideways scroll, is a fault."""
        self.expected = expect
        answer = self.page.goto(urljoin(self.visitor.url, path), wait_until="load")
        assert answer is not None
        if answer.status not in expect:
            self._note(f"answered {answer.status}")
        self.settle()
        return answer.status

    def settle(self) -> None:
        """Wait for fonts and charts, then look for what sticks out."""
        self.page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
        if self.page.locator("[data-chart]:visible").count():
            self.page.wait_for_selector(".uplot canvas", timeout=4000)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self._note(f"{wide} px too wide: {self.page.evaluate(_STRAY)}")

    def keep(self) -> None:
        """Remember the cookies for the visitor's other windows."""
        self.visitor.state = self.context.storage_state()

    def close(self) -> None:
        self.context.close()

    def links(self) -> list[str]:
        """Where the links of this page lead within the panel."""
        found = self.page.eval_on_selector_all("a[href]", "links => links.map((link) => link.href)")
        own = urlsplit(self.visitor.url).netloc
        return [href for href in found if urlsplit(href).netloc == own and urlsplit(href).scheme.startswith("http")]


def pattern(href: str) -> str:
    """The address without its ids, names and values: `/admin/customers/*?q`, `/help/*`."""
    parts = urlsplit(href)
    keys = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair})
    return _NAMED.sub(r"\1*", _UUID.sub("*", parts.path)) + ("?" + "&".join(keys) if keys else "")


def crawl(
    sight: Sight, starts: list[str], *, skip: tuple[str, ...] = (), on_each: Callable[[str], None] = lambda _path: None
) -> dict[str, str]:
    """Every page that can be reached from `starts` by links: pattern to path. Dead links become faults.

    `on_each` is done with the path of each page while it is open.
    """
    waiting = list(starts)
    found: dict[str, str] = {}
    while waiting:
        href = waiting.pop(0)
        parts = urlsplit(href)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        key = pattern(path)
        if key in found or any(key.startswith(prefix) for prefix in skip):
            continue
        answer = sight.context.request.get(urljoin(sight.visitor.url, path))
        if answer.status >= 400:
            sight.visitor.faults.append(f"dead link {path}: {answer.status}")
        kind = answer.headers.get("content-type", "")
        landed = urlsplit(answer.url).path
        is_foreign = "sandbox" in answer.headers.get(
            "content-security-policy", ""
        )  # a mail as it looks: no page of ours
        if not kind.startswith("text/html") or landed != parts.path or is_foreign:
            found[key] = ""
            continue
        found[key] = path
        sight.go(path, expect=(200, answer.status))
        waiting += sight.links()
        on_each(path)
    return {key: path for key, path in found.items() if path}


@dataclass(frozen=True)
class House:
    """A running panel and what opens it."""

    url: str
    owner_email: str
    owner_password: str
    api_key: str
    """With the scope `marketing`."""


def new_customer(house: House) -> str:
    """Sell a plan as the marketing site does; returns the path to set the password at."""
    body = {
        "email": f"alice.{secrets.token_hex(3)}@alderfinch.example.com",
        "firstName": "Alice",
        "lastName": "Marchetti",
        "planId": "shared-business",
        "billingCycle": "oneYear",
        "promoCode": "WELCOME20",
        "marketingSource": "google-ads",
        "utmParams": {"campaign": "summer-sale", "source": "google", "medium": "cpc"},
    }
    request = urllib.request.Request(
        house.url + "/api/marketing-api/accounts/create",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-API-Key": house.api_key},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        link: str = json.load(answer)["data"]["setPasswordUrl"]
    return re.sub(r"^https?://[^/]+", "", link)


def sign_in(sight: Sight, house: House) -> None:
    """Sign in as the owner and remember it."""
    sight.go("/admin/sign-in")
    sight.page.get_by_label("E-mail").fill(house.owner_email)
    sight.page.get_by_label("Password", exact=True).fill(house.owner_password)
    sight.page.locator("main form button[type=submit]").first.click()
    sight.page.wait_for_url("**/admin")
    sight.keep()


def set_password(sight: Sight, link: str) -> None:
    """Set the first password as the customer does, which signs in, and remember it."""
    sight.go(link)
    for box in sight.page.locator("main input[type=password]").all():
        box.fill(PASSWORD)
    sight.page.locator("main form button[type=submit]").first.click()
    sight.page.wait_for_url("**/client")
    sight.keep()
