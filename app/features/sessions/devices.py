"""What a browser says of itself, as people would say it: `Safari on iPhone`."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.kernel.late import Late

if TYPE_CHECKING:
    import ua_parser
    from ua_parser import loaders, regex
else:
    ua_parser, loaders, regex = (Late(name) for name in ("ua_parser", "ua_parser.loaders", "ua_parser.regex"))

LONGEST = 512
"""Characters of a User-Agent that are looked at."""
LONGEST_NAME = 40

_BROWSERS = {
    "Mobile Safari": "Safari", "Mobile Safari UI/WKWebView": "Safari", "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome", "Chrome Mobile WebView": "Chrome", "HeadlessChrome": "Chrome",
    "Firefox Mobile": "Firefox", "Firefox iOS": "Firefox", "Edge Mobile": "Edge", "Opera Mobile": "Opera",
}  # fmt: skip
_SYSTEMS = {"Mac OS X": "macOS", "Ubuntu": "Linux", "Debian": "Linux", "Fedora": "Linux", "Chrome OS": "ChromeOS"}
_DESKTOPS = frozenset({"Windows", "macOS", "Linux", "ChromeOS", "FreeBSD", "OpenBSD"})

_ROBOTS = re.compile(r"bot\b|crawl|spider|slurp", re.IGNORECASE)


@cache
def _parser() -> "ua_parser.Parser":
    """The list's browsers and systems. Its 633 models of telephones would cost 24 MB and say nothing that we show."""
    browsers, systems, _models = loaders.load_lazy_builtins()
    return ua_parser.Parser(regex.Resolver((browsers, systems, [])))


@dataclass(frozen=True)
class Device:
    """A device by its own word, which may be a lie. What is unknown is empty."""

    type: str
    """`desktop`, `mobile`, `tablet` or `unknown`."""
    browser: str
    os: str


def describe(user_agent: str) -> Device:
    """The device behind a User-Agent header of any length and content."""
    user_agent = user_agent[:LONGEST].encode("utf-8", "replace").decode()
    found = _parser().parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    browser = _plain(_BROWSERS.get(browser, browser))
    system = _plain(_SYSTEMS.get(system, system))
    if system == "iOS":
        system = next((model for model in ("iPad", "iPhone") if model in user_agent), system)
    return Device(_type(system, user_agent), browser, system)


def _type(system: str, user_agent: str) -> str:
    if _ROBOTS.search(user_agent):
        return "unknown"
    if system == "iPad" or "Tablet" in user_agent or (system == "Android" and "Mobile" not in user_agent):
        return "tablet"
    if system in {"iPhone", "Android", "iOS", "Windows Phone"} or "Mobile" in user_agent:
        return "mobile"
    return "desktop" if system in _DESKTOPS else "unknown"


def _plain(text: str) -> str:
    """Without characters that steer a terminal or a line's direction."""
    kept = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")
    return "" if kept == "Other" else kept[:LONGEST_NAME].strip()
