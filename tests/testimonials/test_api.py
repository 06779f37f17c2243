"""`/api/marketing/testimonials` and `/api/v1/testimonials`."""

from app.kernel import tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from tests.files.factories import make_file
from tests.support.cast import make_staff
from tests.testimonials.factories import make_testimonial

SITE, HERE = "/api/marketing/testimonials", "/api/v1/testimonials"
NEW = {"name": "Elif Demir", "company": "Quayside Bikes", "quote": "They pick up.", "stars": 5}


def test_everybody_gets_what_is_approved_featured_ones_first(client, tenant):
    make_testimonial("Ada", title="Founder", stars=4)
    star = make_testimonial("Star", is_featured=True)
    make_testimonial("Waiting", approved=False)

    found = client.get(SITE).json

    assert {name: found[name] for name in ("page", "pages", "total")} == {"page": 1, "pages": 1, "total": 2}
    assert [one["name"] for one in found["testimonials"]] == ["Star", "Ada"]
    assert found["testimonials"][0] == {
        "id": str(star.id), "name": "Star", "title": "", "company": "Quayside Bikes", "quote": "They pick up.",
        "stars": 5, "featured": True, "photo": None,
    }  # fmt: skip
    assert [one["name"] for one in client.get(f"{SITE}?featured=true").json["testimonials"]] == ["Star"]
    assert [one["name"] for one in client.get(f"{SITE}?limit=1&page=2").json["testimonials"]] == ["Ada"]


def test_strange_pages_are_refused(client, tenant):
    for query in (
        "page=-1",
        "page=0",
        "page=1e9",
        "limit=1000000000",
        "page=10000&limit=100",
        "stars=5",
        "page=1&page=2",
    ):
        assert client.get(f"{SITE}?{query}").status_code == 422, query


def test_strangers_customers_and_lesser_staff_are_kept_out(client, as_alice, sign_in, tenant):
    row = make_testimonial(approved=False)
    viewer = sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))
    member = sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))

    assert [who.get(f"{HERE}/{row.id}").status_code for who in (client, as_alice, viewer)] == [401, 403, 200]
    assert [who.post(HERE, json=NEW).status_code for who in (as_alice, viewer, member)] == [403, 403, 201]
    for verb in ("approve", "reject", "archive"):
        assert [who.post(f"{HERE}/{row.id}/{verb}").status_code for who in (as_alice, viewer, member)] == [403] * 3
    assert member.delete(f"{HERE}/{row.id}").status_code == 403
    assert row.state == "waiting"


def test_a_foreign_one_is_not_there(as_sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_testimonial("Theo", approved=False)

    for url in (f"{HERE}/{foreign.id}", f"{HERE}/{new_id()}"):
        assert as_sam.get(url).status_code == 404
        assert as_sam.patch(url, json={"name": "Mine"}).status_code == 404
        assert as_sam.post(f"{url}/approve").status_code == 404
        assert as_sam.delete(url).status_code == 404
    assert as_sam.get(HERE).json["items"] == []


def test_it_is_written_changed_approved_moved_and_deleted(as_sam, client):
    made = as_sam.post(HERE, json=NEW).json
    url = f"{HERE}/{made['id']}"

    assert made["state"] == "waiting"
    assert as_sam.patch(url, json={"stars": 3, "featured": True}).json["stars"] == 3
    assert as_sam.post(f"{url}/approve").json["state"] == "approved"
    assert as_sam.post(f"{url}/move", json={"way": "top"}).json["position"] == 0
    assert client.get(SITE).json["testimonials"][0]["featured"] is True
    assert as_sam.post(f"{url}/reject").json["state"] == "rejected"
    assert as_sam.delete(url).status_code == 204
    assert as_sam.get(url).status_code == 404


def test_unknown_and_wrong_fields_are_named(as_sam, tenant):
    for field, value in (
        ("stars", 6),
        ("stars", "5"),
        ("stars", 4.5),
        ("name", ""),
        ("position", 1),
        ("approved_at", None),
    ):
        answer = as_sam.post(HERE, json={**NEW, field: value})

        assert answer.status_code == 422
        assert [problem["field"] for problem in answer.json["errors"]] == [field]


def test_a_foreign_picture_is_unknown(as_sam, other_tenant):
    mine = make_file()
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_file()

    assert as_sam.post(HERE, json={**NEW, "photo_id": str(mine.id)}).json["photo"].endswith(f"/files/{mine.id}/photo")
    for photo_id in (foreign.id, new_id()):
        answer = as_sam.post(HERE, json={**NEW, "photo_id": str(photo_id)})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "photo_id")
