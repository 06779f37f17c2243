"""Where the pictures of `tools/screenshots.py` go, and the steps that its scenes share."""

import re
from pathlib import Path

from tools.walk import DESK, LOOKS, Sight, Visitor


class Album:
    """Where the pictures go."""

    def __init__(self, folder: Path, only: str) -> None:
        self.folder, self.only, self.count = folder, only, 0
        folder.mkdir(parents=True, exist_ok=True)

    def wants(self, name: str) -> bool:
        return self.only in name

    def take(self, sight: Sight, name: str) -> None:
        """One picture of the whole page."""
        if self.wants(name):
            sight.page.screenshot(path=self.folder / f"{name}-{sight.look.name}.png", full_page=True)
            self.count += 1

    def take_window(self, sight: Sight, name: str) -> None:
        """One picture of what the window shows: for what lies over a page."""
        if self.wants(name):
            sight.page.wait_for_timeout(300)
            sight.page.screenshot(path=self.folder / f"{name}-{sight.look.name}.png")
            self.count += 1


def in_every_look(album: Album, visitor: Visitor, pages: dict[str, str]) -> None:
    """Those pages, name to path, at every size and theme."""
    for look in LOOKS:
        sight = visitor.open(look)
        for name, path in pages.items():
            sight.go(path)
            album.take(sight, name)
        sight.close()


def press(sight: Sight, path: str, label: str) -> None:
    """Press the button that begins with `label`, on `path` or on the page that is open."""
    if path:
        sight.go(path)
    sight.page.get_by_role("button", name=re.compile(f"^{re.escape(label)}")).first.click()
    sight.page.wait_for_load_state("load")
    sight.page.wait_for_timeout(500)


def first(visitor: Visitor, prefix: str, on: str = "") -> str:
    """The first record below `prefix` that its list, or the page `on`, leads to."""
    sight = visitor.open(DESK)
    sight.go(on or prefix.rpartition("/")[0])
    hrefs = [href.removeprefix(visitor.url) for href in sight.links()]
    sight.close()
    return next(href for href in hrefs if href.startswith(prefix))
