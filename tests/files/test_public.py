"""`/files/...`: shown, never acting, and nobody else's."""

from app.features.files import service
from app.kernel import db, storage, tenancy
from app.kernel.ids import new_id
from tests.files.factories import make_file, picture
from tests.support.clients import open_client


def test_everybody_sees_a_public_picture_and_keeps_it_for_a_day(client):
    file = make_file()

    answer = client.get(file.address)

    assert answer.status_code == 200 and len(answer.data) == file.byte_count
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == "inline; filename=plan.png"
    assert answer.headers["Cache-Control"] == "public, max-age=86400, s-maxage=60, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    again = client.get(file.address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""
    part = client.get(file.address, headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.data) == (206, b"\x89PNG\r\n\x1a\n")


def test_a_picture_that_is_removed_is_given_to_nobody_who_asks_again(client, as_sam):
    gone = make_file()
    address, etag = gone.address, client.get(gone.address).headers["ETag"]

    service.remove(gone)

    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-7"}):
        assert client.get(address, headers=headers).status_code == 404


def test_the_id_decides_and_no_name_makes_it_something_else(client):
    file = make_file()

    answer = client.get(f"/files/{file.id}/evil.html")

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename=plan.png"


def test_a_stranger_sees_nothing_of_another_tenant_or_of_staff(panel_app, client, as_sam, as_alice, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_file()
        db.session().flush()
        foreign_address, etag = foreign.address, foreign.sha256
    hidden = make_file(is_public=False)
    missing = client.get(f"/files/{new_id()}/plan.png")

    for who in (client, as_alice, as_sam):
        for headers in ({}, {"If-None-Match": f'"{etag}"'}, {"Range": "bytes=0-1"}):
            answer = who.get(foreign_address, headers=headers)
            assert answer.status_code == 404
    for who in (client, as_alice):
        assert who.get(hidden.address).status_code == 404
    assert missing.status_code == 404
    answer = as_sam.get(hidden.address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    there = open_client(panel_app, host="portal.tern.example", tenant_id=other_tenant.id)
    assert there.get(foreign_address).status_code == 200


def test_a_picture_for_staff_alone_is_shown_once_it_is_brought_for_everybody(client):
    body = picture()
    file = service.keep_image(body, purpose="testimonial", is_public=False)
    assert client.get(file.address).status_code == 404

    service.keep_image(body)

    assert client.get(file.address).status_code == 200


def test_lost_bytes_are_not_found(client):
    file = make_file()
    storage.remove(file.key)

    assert client.get(file.address).status_code == 404
