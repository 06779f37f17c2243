"""The editor of articles and posts in Chromium: pictures by paste, drop and button, and no text lost by a wrong one."""

import base64
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.files.factories import picture
from tools.walk import DESK, Sight

pytestmark = [pytest.mark.needs_chromium, pytest.mark.slow]

BRING = """([text, kind, name, type, content, words]) => {
  const given = new DataTransfer();
  if (name) given.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, { type }));
  if (words) given.setData("text/plain", words);
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true });
  return text.dispatchEvent(event);
}"""
"""Paste or drop as a browser says it; false when the page has taken it, true when the browser would act itself."""
SHOWN = r"!\[{alt}\]\(/files/[0-9a-f-]{{36}}/{name}\)"


@pytest.fixture
def desk(request, owner) -> Iterator[Sight]:
    """The editor of an article, or of what the test says, with two words in it and the caret between them."""
    sight = owner.open(DESK)
    sight.go(getattr(request, "param", "/admin/kb/new"))
    text = sight.page.get_by_label("Text in Markdown")
    text.fill("Before  after")
    text.evaluate("(text) => text.setSelectionRange(7, 7)")
    yield sight
    sight.close()
    assert owner.faults == []


def bring(
    page: Page, kind: str, name: str = "", type: str = "image/png", content: bytes = b"", words: str = ""
) -> bool:
    """Paste or drop a file, or words, or both; whether the browser would still act itself."""
    text = page.get_by_label("Text in Markdown").element_handle()
    given = [text, kind, name, type, base64.b64encode(content).decode(), words]
    return bool(page.evaluate(BRING, given))


@pytest.mark.parametrize(("desk", "kind"), [("/admin/kb/new", "paste"), ("/admin/blog/new", "drop")], indirect=["desk"])
def test_a_picture_comes_to_where_the_caret_is_and_is_shown(desk, kind):
    page = desk.page
    text = page.get_by_label("Text in Markdown")

    assert not bring(page, kind, "My Plan.png", content=picture(size=(60, 45)))

    expect(text).to_have_value(re.compile("^Before " + SHOWN.format(alt="my plan", name="my-plan.png") + " after$"))
    shown = page.locator("#preview img[alt='my plan']")
    expect(shown).to_be_visible()
    assert shown.evaluate("(image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [60, 45]
    expect(page.locator("[data-desk-state]")).to_be_empty()
    page.keyboard.type("!")
    expect(text).to_have_value(re.compile(r"^Before !\[my plan\]\([^)]*\)! after$"))


def test_what_is_no_picture_that_we_take_is_refused_in_words_and_costs_no_text(desk):
    page = desk.page
    desk.expected = (413, 422)
    too_large, no_picture = "A picture may have 5 MiB", "This is not a PNG, JPEG or WebP picture"

    for name, type, content, says in (
        ("huge.png", "image/png", bytes(5 * 1024 * 1024 + 1), too_large),
        ("huger.png", "image/png", bytes(6 * 1024 * 1024), too_large),
        ("words.png", "image/png", b"only words", no_picture),
        ("offer.pdf", "application/pdf", b"%PDF-1.7", no_picture),
    ):
        assert not bring(page, "drop", name, type, content)

        expect(page.locator("[data-desk-state]")).to_contain_text(f"{name}: {says}")
        expect(page.get_by_label("Text in Markdown")).to_have_value("Before  after")
    assert page.url.endswith("/new")


def test_what_somebody_writes_while_a_picture_is_sent_stays_where_it_was_written(desk):
    page = desk.page
    text = page.get_by_label("Text in Markdown")
    waiting = []
    page.route("**/admin/files", lambda route: waiting.append(route))

    bring(page, "paste", "a.png", content=picture())
    expect(page.locator("[data-desk-state]")).to_have_text("Sending the picture …")
    page.keyboard.press("Control+End")
    page.keyboard.type(", and m")
    expect(text).to_have_value(re.compile(r", and m$"))
    waiting.pop().continue_()
    expect(text).to_have_value(re.compile("/files/"))
    page.keyboard.type("ore")

    expect(text).to_have_value(re.compile("^Before " + SHOWN.format(alt="a", name="a.png") + " after, and more$"))


def test_a_sending_that_breaks_off_says_so_and_the_other_pictures_come(desk, owner):
    page = desk.page
    page.route("**/admin/files", lambda route: route.abort(), times=1)
    desk.expected = (200, 422)

    page.locator("[data-pictures]").set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": body}
            for name, body in (("lost.png", picture()), ("kept.png", picture()), ("bad.png", b"bad"))
        ]
    )

    said = page.locator("[data-desk-state]")
    expect(said).to_contain_text("lost.png did not arrive. Try again. bad.png: This is not a PNG")
    expect(page.get_by_label("Text in Markdown")).to_have_value(
        re.compile("^Before " + SHOWN.format(alt="kept", name="kept.png") + " after$")
    )
    assert [fault for fault in owner.faults if "/admin/files" not in fault and "ERR_FAILED" not in fault] == []
    owner.faults.clear()


def test_words_that_come_with_a_picture_of_themselves_are_pasted_as_words(desk):
    assert bring(desk.page, "paste", "cells.png", content=picture(), words="Port\t993")
    assert not bring(desk.page, "drop", "cells.png", content=picture(), words="cells.png")
