"""`/admin/files`: bringing a picture from the editor."""

import io
from uuid import UUID

import pytest

from app.features.files import service
from app.kernel import csrf, images
from app.kernel.access import Role
from app.running.web import largest_body
from tests.files.factories import picture
from tests.support.cast import make_staff

JSON = {"Accept": "application/json"}


def test_a_member_brings_a_picture_and_reads_how_to_show_it(sign_in, tenant):
    somebody = make_staff("mia@harbourline.example", "Mia", Role.MEMBER)
    browser = sign_in(somebody)

    answer = browser.post("/admin/files", data={"file": (io.BytesIO(picture()), "DNS plan.PNG")}, headers=JSON)

    assert answer.status_code == 201
    found = answer.json
    assert found["url"] == f"/files/{found['id']}/dns-plan.png"
    assert found["markdown"] == f"![dns plan]({found['url']})"
    assert (found["width"], found["height"], found["is_used"]) == (40, 30, False)
    assert browser.get(found["url"]).headers["Content-Type"] == "image/png"
    assert service.find(UUID(found["id"])).made_by == somebody.id


def test_the_token_may_stand_in_the_head(as_sam):
    answer = as_sam.post(
        "/admin/files",
        csrf=False,
        data={"file": (io.BytesIO(picture()), "a.png")},
        headers={csrf.TOKEN_HEADER: as_sam.form_token(), **JSON},
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"file": "no file"}, 422, "invalid"),
        ({"file": (io.BytesIO(b"<svg onload=alert(1)>"), "a.png")}, 422, "not_a_picture"),
        ({"file": (io.BytesIO(b"GIF89a"), "a.png")}, 422, "not_a_picture"),
    ],
    ids=["nothing", "text", "svg", "gif"],
)
def test_what_cannot_be_kept_is_refused_in_words(as_sam, data, status, code):
    answer = as_sam.post("/admin/files", data=data, headers=JSON)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert service.find_page(cursor=None, limit=50).items == []


@pytest.mark.parametrize(("more", "status", "code"), [(1, 422, "picture_too_large"), (100_000, 413, "too_large")])
def test_what_is_too_large_is_refused_in_words(as_sam, more, status, code):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = head + b"x" * (images.LARGEST_BYTES + more) + b"\r\n--x--\r\n"

    answer = as_sam.post("/admin/files", data=body, content_type="multipart/form-data; boundary=x", headers=JSON)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["detail"].startswith("A picture may have 5 MiB")


def test_the_server_reads_as_much_as_the_route_takes(panel_app):
    assert largest_body(panel_app) > images.LARGEST_BYTES * 4 / 3


def test_a_browser_is_refused_with_a_page(as_sam):
    answer = as_sam.post("/admin/files", data={"file": (io.BytesIO(b"x"), "a.png")})

    assert answer.status_code == 422
    assert "not a PNG, JPEG or WebP picture" in answer.text


def test_a_stranger_brings_nothing(client, as_alice, as_sam, sign_in, tenant):
    viewer = sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))
    for who, status in ((client, 401), (as_alice, 403), (viewer, 403)):
        answer = who.post("/admin/files", data={"file": (io.BytesIO(picture()), "a.png")}, headers=JSON)
        assert answer.status_code == status
    without = as_sam.post("/admin/files", csrf=False, data={"file": (io.BytesIO(picture()), "a.png")}, headers=JSON)
    assert (without.status_code, without.json["code"]) == (403, "csrf")
    assert service.find_page(cursor=None, limit=50).items == []
