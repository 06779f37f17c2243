"""`/api/v1/files`: pictures as JSON."""

import base64
import io
import random

from PIL import Image

from app.features.files import service
from app.kernel import db, tenancy
from app.kernel.ids import new_id
from tests.files.factories import make_file, picture

ADDRESS = "/api/v1/files"


def test_a_picture_is_brought_listed_and_removed(as_sam):
    body = {"name": "plan.png", "content": base64.b64encode(picture()).decode()}

    made = as_sam.post(ADDRESS, json=body)
    again = as_sam.post(ADDRESS, json=body)

    assert made.status_code == 201 and again.json["id"] == made.json["id"]
    assert [item["url"] for item in as_sam.get(ADDRESS).json["items"]] == [made.json["url"]]
    one = f"{ADDRESS}/{made.json['id']}"
    assert as_sam.get(one).json == made.json
    assert as_sam.delete(one).status_code == 204
    assert as_sam.get(one).status_code == 404


def test_a_larger_body_than_others_take_is_read(as_sam):
    """More than the quarter of a MiB of other endpoints: pixels that do not pack."""
    noise = Image.frombytes("RGB", (400, 400), random.Random(1).randbytes(480_000))
    file = io.BytesIO()
    noise.save(file, "PNG")
    assert len(file.getvalue()) > 256 * 1024

    answer = as_sam.post(ADDRESS, json={"name": "noise.png", "content": base64.b64encode(file.getvalue()).decode()})

    assert answer.status_code == 201


def test_what_is_no_picture_or_no_base64_is_refused(as_sam):
    for content, code in (("%%%", "invalid"), ("ä", "invalid"), ("", "not_a_picture"), ("PHN2Zz4=", "not_a_picture")):
        answer = as_sam.post(ADDRESS, json={"name": "a.png", "content": content})
        assert (answer.status_code, answer.json["code"]) == (422, code)
    assert as_sam.post(ADDRESS, json={"name": "a.png", "content": "", "purpose": "logo"}).status_code == 422


def test_what_is_shown_is_not_removed(as_sam):
    file = make_file()
    service.claim("article", new_id(), [file.id])

    answer = as_sam.delete(f"{ADDRESS}/{file.id}")

    assert (answer.status_code, answer.json["code"]) == (409, "file_in_use")


def test_a_stranger_finds_nothing(client, as_alice, as_sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_file()
        db.session().flush()
        one = f"{ADDRESS}/{foreign.id}"

    assert as_sam.get(one).status_code == as_sam.delete(one).status_code == 404
    assert as_sam.get(ADDRESS).json["items"] == []
    for who, status in ((client, 401), (as_alice, 403)):
        assert who.get(ADDRESS).status_code == status
        assert who.post(ADDRESS, json={"name": "a.png", "content": ""}).status_code == status
