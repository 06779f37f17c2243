"""`/admin/testimonials`: written down by staff, approved by ADMINs."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.files.models import FileUse
from app.features.testimonials import models, service
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from tests.files.factories import make_file, picture
from tests.support.cast import make_staff, principal_of
from tests.testimonials.factories import make_testimonial

HERE = "/admin/testimonials"
NEW = {"name": "Elif Demir", "title": "Founder", "company": "Quayside Bikes", "quote": "They pick up.", "stars": "4"}


@pytest.fixture
def as_mo(sign_in, tenant):
    return sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))


@pytest.fixture
def as_vic(sign_in, tenant):
    return sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))


def _decide(who, decision, *rows):
    return who.post(f"{HERE}/decisions", data={"decision": decision, "ids": [str(row.id) for row in rows]})


def test_strangers_and_customers_are_kept_out_and_viewers_only_read(client, as_alice, as_vic):
    row = make_testimonial(approved=False)

    for url in (HERE, f"{HERE}/new", f"{HERE}/{row.id}"):
        assert client.get(url).status_code in {302, 303}
        assert as_alice.get(url).status_code == 403
    assert [as_vic.get(url).status_code for url in (HERE, f"{HERE}/{row.id}", f"{HERE}/new")] == [200, 200, 403]
    for url in (HERE, f"{HERE}/{row.id}", f"{HERE}/{row.id}/moves", f"{HERE}/{row.id}/removal", f"{HERE}/export"):
        assert [who.post(url, data=NEW).status_code for who in (as_alice, as_vic)] == [403, 403], url
    assert row.quote == "They pick up."


def test_a_foreign_one_is_not_there_and_spoils_no_bulk(as_sam, other_tenant):
    mine = make_testimonial(approved=False)
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_testimonial("Theo Theirs", approved=False)

    assert as_sam.get(f"{HERE}/{foreign.id}").status_code == 404
    for part in ("", "/moves", "/removal"):
        assert as_sam.post(f"{HERE}/{foreign.id}{part}", data={**NEW, "way": "up"}).status_code == 404
    assert _decide(as_sam, "approve", mine, foreign).status_code == 404
    assert as_sam.post(f"{HERE}/decisions", data={"decision": "approve", "ids": ["1 OR 1=1"]}).status_code == 404
    assert as_sam.get(f"{HERE}/{new_id()}").status_code == 404
    assert mine.state == "waiting"
    assert "Theo" not in as_sam.get(HERE).text + as_sam.post(f"{HERE}/export", data={"as": "csv"}).text


@pytest.mark.both_stores
def test_a_member_writes_it_down_and_an_admin_shows_it(as_mo, as_sam, client):
    answer = as_mo.post(HERE, data=NEW)

    row = db.session().scalars(sa.select(models.Testimonial)).one()
    assert answer.location == f"{HERE}/{row.id}"
    assert (row.stars, row.state) == (4, "waiting")
    assert _decide(as_mo, "approve", row).status_code == 403
    assert "Elif" not in client.get("/testimonials").text
    assert _decide(as_sam, "approve", row).status_code == 303
    assert "Elif" in client.get("/testimonials").text
    assert as_mo.post(f"{HERE}/{row.id}", data={**NEW, "quote": "Changed"}).status_code == 403
    assert as_sam.post(f"{HERE}/{row.id}", data={**NEW, "quote": "Shorter"}).status_code == 303
    assert row.quote == "Shorter"
    said = db.session().scalars(sa.select(AuditLog.action).where(AuditLog.resource_id == row.id)).all()
    assert {"TESTIMONIAL_CREATED", "TESTIMONIAL_APPROVED", "TESTIMONIAL_UPDATED"} <= set(said)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "x" * 81), ("quote", ""), ("quote", "x" * 1001), ("stars", "6"), ("stars", "0"),
     ("stars", ""), ("stars", "5.5"), ("company", "x" * 81)],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_kept(as_mo, field, value):
    answer = as_mo.post(HERE, data={**NEW, field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text or f'id="{field}-error"' in answer.text
    assert field in {"company", "title"} or "Quayside Bikes" in answer.text
    assert db.session().scalar(sa.select(sa.func.count(models.Testimonial.id))) == 0


def test_the_order_is_moved_by_hand(as_sam, client):
    rows = [make_testimonial(name) for name in ("One", "Two", "Three")]

    as_sam.post(f"{HERE}/{rows[2].id}/moves", data={"way": "up"})
    assert _order() == ["One", "Three", "Two"]
    as_sam.post(f"{HERE}/{rows[0].id}/moves", data={"way": "down"})
    assert _order() == ["Three", "One", "Two"]
    as_sam.post(f"{HERE}/{rows[1].id}/moves", data={"way": "top"})
    assert _order() == ["Two", "Three", "One"]
    assert as_sam.post(f"{HERE}/{rows[1].id}/moves", data={"way": "up"}).status_code == 303
    assert as_sam.post(f"{HERE}/{rows[1].id}/moves", data={"way": "sideways"}).status_code == 422


def _order():
    return db.session().scalars(sa.select(models.Testimonial.name).order_by(models.Testimonial.position)).all()


def test_it_is_rejected_archived_and_deleted_for_good(as_sam, client):
    row = make_testimonial()

    _decide(as_sam, "archive", row)
    assert row.state == "archived"
    _decide(as_sam, "reject", row)
    assert row.state == "rejected"
    _decide(as_sam, "approve", row)
    assert row.is_shown
    assert as_sam.post(f"{HERE}/decisions", data={"decision": "approve"}).status_code == 303
    as_sam.post(f"{HERE}/{row.id}/removal")

    assert db.session().scalar(sa.select(sa.func.count(models.Testimonial.id))) == 0
    assert "They pick up" not in client.get("/testimonials").text


def test_the_list_is_narrowed_and_asks_little(as_sam, queries):
    make_testimonial("Ada Approved", stars=3)
    make_testimonial("Wim Waiting", approved=False, company="100% Wool_")

    assert "Wim" not in as_sam.get(f"{HERE}?state=approved").text
    assert "Ada" not in as_sam.get(f"{HERE}?state=waiting").text
    assert "Wim" not in as_sam.get(f"{HERE}?stars=3").text
    assert "Ada" not in as_sam.get(f"{HERE}?q=100%25 wool_").text
    for q in ("'", '")', "--", "%", "_", "\0", "x" * 5000, "\ud800"):
        assert as_sam.get(HERE, query_string={"q": q.encode("utf-8", "surrogatepass")}).status_code == 200
    assert as_sam.get(f"{HERE}?sort=id)--&state='&stars=6&cursor=").status_code == 200
    assert as_sam.get(f"{HERE}?cursor=abc").status_code == 400
    with queries(max=15):
        as_sam.get(HERE)


def test_an_exported_formula_is_text(as_sam):
    make_testimonial("=1+1", quote="@SUM(1)")

    rows = list(csv.DictReader(io.StringIO(as_sam.post(f"{HERE}/export", data={"as": "csv"}).text.lstrip("\ufeff"))))

    assert rows[0]["name"].startswith("'=")
    assert rows[0]["quote"].startswith("'@")


def test_a_photo_is_shown_replaced_and_taken_away(as_mo, as_sam, client):
    as_mo.post(HERE, data={**NEW, "photo": (io.BytesIO(picture()), "me.png")})
    row = db.session().scalars(sa.select(models.Testimonial)).one()
    _decide(as_sam, "approve", row)

    assert f'src="{row.photo}"' in client.get("/testimonials").text
    assert client.get(row.photo).mimetype == "image/png"
    assert client.get("/api/marketing/testimonials").json["testimonials"][0]["photo"].endswith(row.photo)
    assert _used() == {row.photo_id}
    as_sam.post(f"{HERE}/{row.id}", data=NEW)
    assert row.photo
    as_sam.post(f"{HERE}/{row.id}", data={**NEW, "without_photo": "y"})
    assert (row.photo, _used()) == ("", set())


def _used():
    return set(db.session().scalars(sa.select(FileUse.file_id)))


@pytest.mark.parametrize("body", [b"<svg onload=alert(1)>", b"GIF89a<script>", b"", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_is_no_photo_is_refused_at_its_field(as_mo, body):
    answer = as_mo.post(HERE, data={**NEW, "photo": (io.BytesIO(body), "me.png")})

    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text
    assert db.session().scalar(sa.select(sa.func.count(models.Testimonial.id))) == 0


def test_a_photo_goes_at_once_with_who_said_it_or_who_takes_it_away(client, as_sam):
    """Unless something else shows it."""
    deleted, replaced, shared = (make_testimonial(photo_id=make_file().id) for _ in range(3))
    make_testimonial(photo_id=shared.photo_id)
    photos = [row.photo for row in (deleted, replaced, shared)]

    assert [client.get(photo).status_code for photo in photos] == [200, 200, 200]
    as_sam.post(f"{HERE}/{deleted.id}/removal")
    as_sam.post(f"{HERE}/{shared.id}/removal")
    as_sam.post(f"{HERE}/{replaced.id}", data={**NEW, "without_photo": "y"})
    assert [client.get(photo).status_code for photo in photos] == [404, 404, 200]
    assert len(_used()) == 1


@pytest.mark.both_stores
def test_who_is_forgotten_is_forgotten_by_the_log(as_sam):
    row_id = make_testimonial("Elif Demir").id
    as_sam.post(f"{HERE}/{row_id}", data={**NEW, "name": "Elif D.", "quote": "Thank you."})
    assert all(word in _logged(row_id) for word in ("Elif Demir", "Elif D.", "Thank you.", "Quayside"))

    as_sam.post(f"{HERE}/{row_id}/removal")

    assert "TESTIMONIAL_DELETED" in _logged(row_id)
    assert not any(word in _logged(row_id) for word in ("Elif", "Thank you.", "Quayside"))


def _logged(row_id):
    """All that can be read of it in the log."""
    rows = db.session().scalars(sa.select(AuditLog).where(AuditLog.resource_id == row_id))
    return str([(row.action, row.state_before, row.state_after, audit.personal_part(row)) for row in rows])


def _meanwhile(row, **values):
    """Somebody else's request does this after ours has read the row and before it writes."""
    db.session().flush()
    db.session().refresh(row)
    done = sa.update(models.Testimonial).where(models.Testimonial.id == row.id).values(**values)
    db.session().execute(done.execution_options(synchronize_session=False))
    audit.record("TESTIMONIAL_UPDATED", resource_type="testimonial", resource_id=row.id)


@pytest.mark.both_stores
def test_nobody_approves_other_words_than_those_they_read(as_mo, as_sam):
    row, other = make_testimonial(approved=False), make_testimonial("Tom", approved=False)
    shown = [
        re.search(rf'name="ids" value="({row.id}[^"]*)"', as_sam.get(url).text)[1] for url in (HERE, f"{HERE}/{row.id}")
    ]
    assert as_mo.post(f"{HERE}/{row.id}", data={**NEW, "quote": "Not read over."}).status_code == 303

    for chosen in shown:
        data = {"decision": "approve", "ids": [str(other.id), chosen]}
        assert as_sam.post(f"{HERE}/decisions", data=data).status_code == 303
        assert "Read it again first." in as_sam.get(HERE).text
    late = as_sam.post(f"/api/v1/testimonials/{row.id}/approve?revision=1")
    assert (late.status_code, late.json["code"]) == (409, "changed_meanwhile")
    assert (row.state, other.state) == ("waiting", "waiting")
    now = re.search(rf'name="ids" value="({row.id}[^"]*)"', as_sam.get(HERE).text)[1]
    as_sam.post(f"{HERE}/decisions", data={"decision": "approve", "ids": [now]})
    assert row.state == "approved"


@pytest.mark.both_stores
def test_what_is_approved_while_a_member_writes_keeps_its_words(tenant):
    mo = principal_of(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))
    row = make_testimonial(approved=False)
    _meanwhile(row, approved_at=clock.now())

    with pytest.raises(service.OnTheSite):
        service.change(mo, row, quote="Not read over.")


@pytest.mark.both_stores
def test_of_approving_and_rejecting_at_once_the_last_counts(tenant):
    row = make_testimonial(approved=False)
    _meanwhile(row, approved_at=clock.now())

    service.reject(row)

    db.session().flush()
    db.session().refresh(row)
    assert row.state == "rejected"
