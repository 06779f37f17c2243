"""Pictures of every page, as people see them: at 1440 and 390 pixels, light and dark.

    make screenshots ARGS=/tmp/shots
    python -m tools.screenshots FOLDER [--url http://127.0.0.1:2271] [--only TEXT]

Without `--url` it starts a panel of its own with demo customers and stops it
again. With it, the environment names who signs in: MPANEL_OWNER_EMAIL,
MPANEL_OWNER_PASSWORD, and MPANEL_API_KEY with the scope `marketing`, with
which a customer is made. What is wrong on the way (a dead link, an error in
the console, a page wider than the window) is printed; then it exits with 1.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import panel
from tools.album import Album, first, in_every_look, press
from tools.scenes import content, merged
from tools.walk import (
    DESK,
    LOOKS,
    PHONE,
    SEEN_ALREADY,
    House,
    Look,
    Sight,
    Visitor,
    chromium,
    crawl,
    new_customer,
    pattern,
    set_password,
    sign_in,
)


@contextmanager
def own_panel(customers: int = 40) -> Iterator[House]:
    """A panel in a folder that is thrown away, with demo customers; `customers=0` leaves it empty."""
    with tempfile.TemporaryDirectory(prefix="mpanel-shots-") as folder:
        made = panel.Panel(f"sqlite:///{folder}/mpanel.db")
        try:
            made.command("init", *(["--demo"] if customers else []))
            if customers:
                made.command("demo", "--customers", str(customers))
            key = made.api_key()
            made.start()
            yield House(made.url, panel.OWNER_EMAIL, panel.OWNER_PASSWORD, key)
        finally:
            made.remove()


def name_of(who: str, key: str) -> str:
    """A file name for an address pattern."""
    plain = re.sub(r"[^a-z0-9]+", "-", key.replace("*", "one").lower()).strip("-") or "home"
    return plain if plain.startswith(who) else f"{who}-{plain}"


def everywhere(
    album: Album, visitor: Visitor, who: str, starts: list[str], *, expect: tuple[int, ...] = (200,)
) -> None:
    """Every page that `visitor` can reach, in every look; what is everybody's, as nobody sees it."""
    desk = visitor.open(DESK)
    pages = crawl(desk, starts, skip=SEEN_ALREADY if who == "public" else (*SEEN_ALREADY, *EVERYBODYS))
    desk.close()
    for look in LOOKS:
        sight = visitor.open(look)
        for key, path in pages.items():
            if album.wants(name_of(who, key)):
                sight.go(path, expect=expect)
                album.take(sight, name_of(who, key))
        sight.close()


def odd_ones(album: Album, visitor: Visitor, who: str, pages: dict[str, tuple[str, int]]) -> None:
    """Pages that no link leads to: name to path and status."""
    for look in LOOKS:
        sight = visitor.open(look)
        for name, (path, status) in pages.items():
            if album.wants(f"{who}-{name}"):
                sight.go(path, expect=(status,))
                album.take(sight, f"{who}-{name}")
        sight.close()


def opened_parts(album: Album, visitor: Visitor, who: str, path: str) -> None:
    """Menus, the palette and every dialog of the page at `path`."""
    for look in (DESK, PHONE):
        sight = visitor.open(look)
        for index in range(_dialogs(sight, path)):
            sight.go(path)
            opener = sight.page.locator("main [data-dialog-open]").nth(index)
            opener.evaluate("(button) => button.closest('details')?.setAttribute('open', '')")
            opener.click()
            album.take_window(sight, f"{who}-dialog-{name_of('', pattern(path))}-{index + 1}")
        sight.go(path)
        sight.page.locator(".mp-account > summary").click()
        album.take_window(sight, f"{who}-account-menu")
        sight.close()


def _dialogs(sight: Sight, path: str) -> int:
    sight.go(path)
    return sight.page.locator("main [data-dialog-open]").count()


def staff_parts(album: Album, visitor: Visitor) -> None:
    """The palette, and the menu of small windows."""
    for look in LOOKS:
        sight = visitor.open(look)
        sight.go("/admin")
        if look.width < 900:
            sight.page.get_by_role("button", name="Menu", exact=True).click()
            album.take_window(sight, "admin-menu")
            sight.go("/admin")
        sight.page.keyboard.press("Control+k")
        album.take_window(sight, "admin-palette")
        sight.close()


def refused_forms(album: Album, visitor: Visitor, house: House) -> None:
    """Sign-in and a new password with something wrong in them."""
    for look in LOOKS:
        sight = visitor.open(look)
        _refused_sign_in(album, sight, look)
        sight.go(new_customer(house), expect=(200, 422))
        album.take(sight, "public-set-password")
        for box in sight.page.locator("main input[type=password]").all():
            box.fill("short")
        sight.page.locator("main form").first.evaluate("(form) => { form.noValidate = true }")
        sight.page.locator("main form button[type=submit]").first.click()
        sight.page.wait_for_load_state("load")
        album.take(sight, "public-set-password-refused")
        sight.close()


def _refused_sign_in(album: Album, sight: Sight, look: Look) -> None:
    sight.go("/sign-in", expect=(200, 401, 422))
    sight.page.get_by_label("E-mail").fill(f"nobody-{look.name}@example.com")
    sight.page.get_by_label("Password", exact=True).fill("not the password")
    sight.page.locator("main form button[type=submit]").first.click()
    sight.page.wait_for_load_state("load")
    album.take(sight, "public-sign-in-refused")


def what_is_done(album: Album, staff: Visitor, customer: Visitor) -> None:
    """The way of one sale, seen by both: unpaid, paid with its receipt, being set up, taken, ready; and an endpoint."""
    desk, portal = staff.open(DESK), customer.open(DESK)
    invoice = first(customer, "/client/billing/")
    press(portal, invoice, "Pay ")
    service = first(customer, "/client/services/")
    receipt = first(customer, "/client/payments/", on=invoice)
    in_every_look(
        album, customer, {"client-invoice-paid": invoice, "client-receipt": receipt, "client-setting-up": service}
    )
    desk.go("/admin/provisioning?sort=newest")
    task = desk.page.get_by_role("link", name="Set up ").first.get_attribute("href") or ""
    press(desk, task, "Take it")
    in_every_look(album, staff, {"admin-task-taken": task})
    desk.page.get_by_label("Server").fill("web-07.example.com")
    press(desk, "", "Set up: tell the customer")
    in_every_look(album, staff, {"admin-task-done": task})
    in_every_look(album, customer, {"client-service-active": service})
    desk.go("/admin/integrations/webhooks/new")
    desk.page.get_by_label("Name").fill("Marketing site")
    desk.page.get_by_label("Address").fill("https://hooks.example.com/mpanel")
    press(desk, "", "Make the endpoint")
    endpoint = first(staff, "/admin/integrations/webhooks/0")
    press(desk, endpoint, "Send the test")
    places = {"endpoint": endpoint, "endpoints": "/admin/integrations/webhooks", "search": "/admin/search?q=lumen"}
    in_every_look(album, staff, {f"admin-{name}-filled": path for name, path in places.items()})
    desk.close()
    portal.close()


def photograph(house: House, album: Album) -> list[str]:
    """Walk through the house as nobody, as staff and as a customer. Returns the faults seen."""
    with chromium() as browser:
        nobody, olive, alice = (Visitor(browser, house.url) for _ in range(3))
        desk = olive.open(DESK)
        sign_in(desk, house)
        desk.close()
        desk = alice.open(DESK)
        set_password(desk, new_customer(house))
        desk.close()
        refused_forms(album, nobody, house)
        everywhere(album, nobody, "public", ["/sign-in", "/admin/sign-in", *EVERYBODYS])
        odd_ones(album, nobody, "public", {"error-404": ("/nothing-here", 404), "bad-link": (BAD_LINK, 410)})
        stranger = Visitor(browser, house.url.replace("127.0.0.1", "stranger.example"))
        odd_ones(album, stranger, "public", {"unknown-name": ("/", 404)})
        everywhere(album, olive, "admin", ["/admin"])
        odd_ones(album, olive, "admin", {"error-404": ("/admin/nothing-here", 404)})
        staff_parts(album, olive)
        for path in ("/admin/api-keys", first(olive, "/admin/customers/")):
            opened_parts(album, olive, "admin", path)
        everywhere(album, alice, "client", ["/client"])
        odd_ones(album, alice, "client", {"error-404": ("/client/nothing", 404), "error-403": ("/admin", 403)})
        opened_parts(album, alice, "client", "/client/security/sessions")
        what_is_done(album, olive, alice)
        content(album, nobody, olive)
        merged(album, olive)
        return [*nobody.faults, *stranger.faults, *olive.faults, *alice.faults]


EVERYBODYS = ("/help", "/blog", "/testimonials")
BAD_LINK = "/set-password?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def main() -> int:
    """Take the pictures."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("folder", type=Path)
    reader.add_argument("--url", help="a panel that runs already")
    reader.add_argument("--only", default="", help="only pages whose name contains this")
    given = reader.parse_args()
    album = Album(given.folder, given.only)
    if given.url:
        names = ("MPANEL_OWNER_EMAIL", "MPANEL_OWNER_PASSWORD", "MPANEL_API_KEY")
        missing = [name for name in names if name not in os.environ]
        if missing:
            raise SystemExit(f"set {', '.join(missing)}")
        faults = photograph(House(given.url, *(os.environ[name] for name in names)), album)
    else:
        with own_panel() as house:
            faults = photograph(house, album)
    print(f"{album.count} pictures in {given.folder}")
    for fault in dict.fromkeys(faults):
        print(f"FAULT {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
