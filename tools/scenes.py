"""Pages that no walk along links comes by: somebody has to write, ask or decide first. For `tools/screenshots.py`."""

import struct
import zlib
from datetime import UTC, datetime, timedelta

from tools.album import Album, in_every_look, press
from tools.walk import DESK, LOOKS, PASSWORD, Sight, Visitor

TEXT = """\
A few words first, with `code` and a [link](/help).

## Before you begin

1. Open **Settings**.
2. Tap *Add account*.

## The names

| For | Server | Port |
| --- | --- | ---: |
| Incoming | `mail.example.com` | 993 |

> Use the full address.

```
openssl s_client -connect mail.example.com:993 -quiet
```
"""


def png(width: int = 480, height: int = 270) -> bytes:
    """A picture: a slope of two colours."""
    rows = b"".join(
        b"\0" + b"".join(bytes((40 + x * 160 // width, 90 + y * 120 // height, 190)) for x in range(width))
        for y in range(height)
    )

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


PICTURE = {"name": "slope.png", "mimeType": "image/png", "buffer": png()}


def content(album: Album, nobody: Visitor, staff: Visitor) -> None:
    """The help centre as it is asked and answered, and what the staff write: articles, posts, testimonials."""
    asked = {
        "found": "/help/search?q=mail",
        "found-by-typing": "/help?q=mail",
        "nothing-found": "/help/search?q=xylophone",
    }
    in_every_look(album, nobody, {f"public-help-{name}": path for name, path in asked.items()})
    _voted(album, nobody)
    desk = staff.open(DESK)
    article = _article(desk)
    in_every_look(album, nobody, {"public-help-picture": desk.page.locator(".lede .mono").inner_text()})
    _changed(album, staff, desk, article)
    _scheduled(album, staff, desk)
    _post(album, staff, desk)
    _testimonial(album, nobody, staff, desk)
    desk.close()


def _voted(album: Album, nobody: Visitor) -> None:
    reader = nobody.open(DESK)
    reader.go("/help/search?q=mail")
    found = reader.page.locator(".mp-found a").first.get_attribute("href") or ""
    reader.go(found.partition("?")[0])
    reader.page.locator("#vote").scroll_into_view_if_needed()
    press(reader, "", "Not quite")
    reader.keep()
    path = reader.page.url.removeprefix(nobody.url)
    in_every_look(
        album, nobody, {"public-help-voted": f"{path}/vote", "public-help-vote-word": f"{path}/vote?helpful=no"}
    )
    reader.close()


def _write(sight: Sight, path: str, title: str, text: str) -> None:
    sight.go(path)
    sight.page.get_by_label("Title", exact=True).fill(title)
    _type(sight, text)


def _type(sight: Sight, text: str) -> None:
    """Write another text, and see it beside: a page that is left sooner breaks off what it asks for."""
    with sight.page.expect_response(lambda answer: "/preview" in answer.url):
        sight.page.get_by_label("Text in Markdown").fill(text)


def _open(sight: Sight) -> str:
    """The address of the page that is open."""
    return sight.page.url.removeprefix(sight.visitor.url)


def _article(desk: Sight) -> str:
    """An article with a picture that readers see; the address of its desk."""
    _write(desk, "/admin/kb/new", "Set up mail on a new phone", TEXT)
    desk.page.locator("[data-pictures]").set_input_files([PICTURE])
    desk.page.locator("#preview img").wait_for()
    desk.page.get_by_label("Tags").fill("imap, phone")
    press(desk, "", "Keep as a draft")
    press(desk, "", "Publish")
    return _open(desk)


def _changed(album: Album, staff: Visitor, desk: Sight, article: str) -> None:
    """The article once it is changed, what was changed, and what somebody sees who was slower."""
    for look in LOOKS:
        slow = staff.open(look)
        slow.go(article)
        _write(desk, article, "Set up mail on a new phone", TEXT.replace("993", f"993 ({look.name})"))
        press(desk, "", "Keep")
        _type(slow, TEXT.replace("first", "for the slow"))
        slow.expected = (200, 409)
        press(slow, "", "Keep")
        slow.settle()
        album.take(slow, "admin-kb-clash")
        slow.close()
    pages = {"desk": article, "versions": f"{article}/versions", "difference": f"{article}/versions/3"}
    in_every_look(album, staff, {f"admin-kb-{name}": path for name, path in pages.items()})


def _scheduled(album: Album, staff: Visitor, desk: Sight) -> None:
    """An article that somebody is asked to read over, and that will be published by itself."""
    _write(desk, "/admin/kb/new", "Read a header of a mail", TEXT)
    press(desk, "", "Keep as a draft")
    press(desk, "", "Ask for a review")
    article = _open(desk)
    in_every_look(album, staff, {"admin-kb-review": article})
    desk.page.get_by_label("Publish at").fill(_soon())
    press(desk, "", "Schedule")
    in_every_look(album, staff, {"admin-kb-scheduled": article})
    member = _member(album, staff, desk)
    in_every_look(album, member, {"admin-kb-scheduled-member": article})
    staff.faults += member.faults


def _member(album: Album, staff: Visitor, desk: Sight) -> Visitor:
    """Somebody of the staff who writes but publishes nothing, invited by `desk`."""
    desk.go("/admin/staff/invitations/new")
    desk.page.get_by_label("E-mail").fill("mia@harbourline.example")
    desk.page.get_by_label("Member").check()
    press(desk, "", "Send the invitation")
    desk.go("/admin/messages")
    mail = desk.page.locator("tr", has_text="mia@harbourline.example").get_by_role("link").first
    press(desk, mail.get_attribute("href") or "", "Show its link")
    press(desk, "", "Show the link")
    album.take(desk, "admin-message-link")
    link = desk.page.locator(".mp-copy").inner_text()
    mia = Visitor(staff.browser, staff.url)
    place = mia.open(DESK)
    place.go(link[link.index("/invitation") :].split()[0])
    place.page.get_by_label("First name").fill("Mia")
    place.page.get_by_label("Last name").fill("Moreau")
    place.page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    place.page.locator("main form button[type=submit]").first.click()
    place.page.wait_for_url("**/admin")
    place.keep()
    place.close()
    return mia


def _soon() -> str:
    return f"{datetime.now(UTC).date() + timedelta(days=9)}T09:30"


def _post(album: Album, staff: Visitor, desk: Sight) -> None:
    _write(desk, "/admin/blog/new", "A new phone, and its mail", TEXT)
    desk.page.locator("[data-pictures]").set_input_files([PICTURE])
    desk.page.locator("#preview img").wait_for()
    desk.page.get_by_label("Category").fill("How to")
    press(desk, "", "Save the draft")
    in_every_look(album, staff, {"admin-blog-draft": _open(desk), "admin-blog-preview": f"{_open(desk)}/preview"})
    desk.page.get_by_label("Publishes itself on").fill(_soon())
    press(desk, "", "Schedule")
    in_every_look(album, staff, {"admin-blog-scheduled": _open(desk)})
    press(desk, "", "Publish")
    in_every_look(album, staff, {"admin-blog-published": _open(desk)})


def _testimonial(album: Album, nobody: Visitor, staff: Visitor, desk: Sight) -> None:
    desk.go("/admin/testimonials/new")
    desk.page.get_by_label("Their words").fill("They rang me before I had found the number.")
    desk.page.get_by_label("4 stars").check()
    desk.page.get_by_label("Name", exact=True).fill("Greta Lindqvist")
    desk.page.get_by_label("Company").fill("Lindqvist Lamps")
    desk.page.locator("main input[type=file]").set_input_files([PICTURE])
    press(desk, "", "Write it down")
    in_every_look(album, staff, {"admin-testimonial-photo": _open(desk)})
    press(desk, "", "Approve")
    in_every_look(album, nobody, {"public-testimonials-photo": "/testimonials"})


def merged(album: Album, staff: Visitor) -> None:
    """Notes on a customer; then that customer merged: who is kept, what would happen, what is seen afterwards."""
    desk = staff.open(DESK)
    desk.go("/admin/customers?status=active&sort=oldest")
    goes, kept = (link.get_attribute("href") or "" for link in desk.page.locator("td.first a").all()[:2])
    names = [name.strip() for name in desk.page.locator("td.first a").all_inner_texts()[:2]]
    for words in ("Asked for the invoice by post.", "Wants to move three domains in spring."):
        desk.go(goes)
        desk.page.get_by_label("New note").fill(words)
        press(desk, "", "Keep the note")
    href = f"{goes}/merging/{kept.rpartition('/')[2]}"
    found = f"{goes}/merging?q={names[1].split()[0]}"
    pages = {"notes": f"{goes}/notes", "merge": f"{goes}/merging", "merge-found": found, "merge-preview": href}
    in_every_look(album, staff, {f"admin-customer-{name}": path for name, path in pages.items()})
    for look in LOOKS:
        sight = staff.open(look)
        press(sight, href, "Merge them")
        album.take_window(sight, "admin-customer-merge-dialog")
        sight.close()
    press(desk, href, "Merge them")
    desk.page.get_by_role("dialog").get_by_role("textbox").fill(names[0])
    press(desk, "", "Merge for good")
    in_every_look(album, staff, {"admin-customer-merged": kept, "admin-customer-merge-notice": goes})
    desk.close()
