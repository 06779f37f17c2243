"""`/admin/blog`: posts are written by staff, and published by ADMINs."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.blog import service
from app.features.blog.models import Post
from app.features.tenants import service as tenants
from app.kernel import db, tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from tests.blog.factories import make_post
from tests.support.cast import make_staff, principal_of

HERE = "/admin/blog"
NEW = {
    "title": "A second data centre",
    "body": "## Where\n\nIn Bristol.",
    "category": "News",
    "tags": "Hosting, Bristol",
}
WRITES = ("withdrawal", "archiving", "restoring")


@pytest.fixture
def as_mo(sign_in, tenant):
    return sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))


@pytest.fixture
def as_vic(sign_in, tenant):
    return sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))


def _one() -> Post:
    return db.session().scalars(sa.select(Post)).one()


def test_strangers_and_customers_are_kept_out_and_viewers_only_read(client, as_alice, as_vic, sam):
    post = make_post(sam)
    pages = [HERE, f"{HERE}/{post.id}", f"{HERE}/{post.id}/preview", f"{HERE}/new"]

    for url in pages:
        assert client.get(url).status_code in {302, 303}
        assert as_alice.get(url).status_code == 403
    assert [as_vic.get(url).status_code for url in pages] == [200, 200, 200, 403]
    for url in (
        HERE,
        f"{HERE}/{post.id}",
        f"{HERE}/previews",
        f"{HERE}/export",
        *(f"{HERE}/{post.id}/{w}" for w in WRITES),
    ):
        assert client.post(url, data=NEW).status_code in {303, 401, 403}
        assert [who.post(url, data=NEW).status_code for who in (as_alice, as_vic)] == [403, 403], url
    assert post.is_shown


def test_a_foreign_post_is_not_there(as_sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), "Their news", days_ago=None)

    for url in (f"{HERE}/{foreign.id}", f"{HERE}/{new_id()}"):
        assert [as_sam.get(url).status_code, as_sam.get(f"{url}/preview").status_code] == [404, 404]
        assert as_sam.post(url, data=NEW).status_code == 404
        assert [as_sam.post(f"{url}/{what}").status_code for what in WRITES] == [404] * 3
    assert "Their news" not in as_sam.get(HERE).text + as_sam.post(f"{HERE}/export", data={"as": "csv"}).text
    assert "Their" not in as_sam.get("/admin/search?q=their news").text


def test_a_member_writes_drafts_and_an_admin_publishes_them(as_mo, as_sam, client):
    assert as_mo.post(HERE, data={**NEW, "then": "publish"}).status_code == 403
    answer = as_mo.post(HERE, data=NEW)

    post = _one()
    assert answer.location == f"{HERE}/{post.id}"
    assert (post.state, post.author_name, post.slug) == ("draft", "Mo Okafor", "a-second-data-centre")
    assert as_mo.post(f"{HERE}/{post.id}", data={**NEW, "body": "Better."}).status_code == 303
    assert [as_mo.post(f"{HERE}/{post.id}/{what}").status_code for what in WRITES] == [403] * 3
    assert as_sam.post(f"{HERE}/{post.id}", data={**NEW, "body": "Better.", "then": "publish"}).status_code == 303
    assert "Better." in client.get(post.path).text
    assert as_mo.post(f"{HERE}/{post.id}", data={**NEW, "body": "Worse."}).status_code == 403
    assert "Worse." not in client.get(post.path).text


def test_saving_and_publishing_is_one_press_and_a_change_is_seen_at_once(as_sam, client):
    as_sam.post(HERE, data={**NEW, "then": "publish"})
    post = _one()
    as_sam.post(f"{HERE}/{post.id}", data={**NEW, "slug": post.slug, "body": "Now in Bath.", "revision": post.revision})

    assert "Now in Bath." in client.get("/blog/a-second-data-centre").text
    said = set(db.session().scalars(sa.select(AuditLog.action).where(AuditLog.resource_id == post.id)))
    assert {"POST_CREATED", "POST_PUBLISHED", "POST_UPDATED"} <= said


def test_its_time_is_the_tenants_clock(as_sam, tenant):
    tenant.time_zone = "Europe/Berlin"
    db.session().flush()
    tenants.forget()

    as_sam.post(HERE, data={**NEW, "then": "schedule", "scheduled_for": "2026-12-01T09:00"})

    post = _one()
    assert post.state == "scheduled"
    assert post.scheduled_for.isoformat() == "2026-12-01T08:00:00+00:00"
    assert "2026-12-01T09:00" in as_sam.get(f"{HERE}/{post.id}").text


@pytest.mark.parametrize(
    "moment", ["2026-02-30T09:00", "soon", "10000-01-01T00:00", "1999-01-01T00:00", "2026-13-01T25:00"]
)
def test_a_moment_that_is_none_is_said_at_its_field(as_sam, moment):
    answer = as_sam.post(HERE, data={**NEW, "then": "schedule", "scheduled_for": moment})

    assert answer.status_code == 422
    assert 'id="scheduled_for-error"' in answer.text
    assert db.session().scalar(sa.select(sa.func.count(Post.id))) == 0


def test_a_past_moment_keeps_the_draft_and_says_so(as_sam):
    answer = as_sam.post(HERE, data={**NEW, "then": "schedule", "scheduled_for": "2026-11-01T09:00"})

    assert (answer.status_code, _one().state) == (303, "draft")
    assert "That is past" in as_sam.get(answer.location).text


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", ""), ("title", "x" * 151), ("slug", "Not One"), ("slug", "taken"), ("body", "x" * 100_001), ("tags", "🙂"),
     ("tags", ",".join(f"t{n}" for n in range(21))), ("category", "!!!"), ("body", "[" * 3000), ("excerpt", "x" * 401)],
)  # fmt: skip
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(as_sam, sam, field, value):
    make_post(sam, slug="taken")

    answer = as_sam.post(HERE, data={**NEW, "meta_title": "Kept words", field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Kept words" in answer.text
    assert db.session().scalar(sa.select(sa.func.count(Post.id))) == 1


def test_who_was_overtaken_is_told_and_loses_no_word(as_sam, sam):
    post = make_post(sam, days_ago=None)
    seen = re.search(r'name="revision"[^>]* value="(\d+)"', as_sam.get(f"{HERE}/{post.id}").text)[1]
    service.change(principal_of(sam), post, body="Theirs.")

    late = as_sam.post(f"{HERE}/{post.id}", data={**NEW, "body": "<b>Mine.</b>", "revision": seen})

    assert late.status_code == 409
    assert "Somebody saved this post" in late.text
    assert "&lt;b&gt;Mine.&lt;/b&gt;" in late.text
    assert post.body == "Theirs."
    again = re.search(r'name="revision"[^>]* value="(\d+)"', late.text)[1]
    assert as_sam.post(f"{HERE}/{post.id}", data={**NEW, "body": "Mine.", "revision": again}).status_code == 303
    assert post.body == "Mine."


def test_a_preview_shows_what_was_typed_and_keeps_nothing(as_mo):
    whole = as_mo.post(f"{HERE}/previews", data={"body": "Some **bold** words <script>"})
    part = as_mo.post(f"{HERE}/previews", data={"body": "*x*"}, headers={"HX-Request": "true", "HX-Target": "preview"})

    assert "<strong>bold</strong> words &lt;script&gt;" in whole.text
    assert part.text.startswith('<div id="preview"')
    assert "nests too deep" in as_mo.post(f"{HERE}/previews", data={"body": "[" * 3000}).text
    assert db.session().scalar(sa.select(sa.func.count(Post.id))) == 0


def test_it_is_withdrawn_archived_and_brought_back(as_sam, sam, client):
    post = make_post(sam)

    for what, state, status in (
        ("/archiving", "archived", 404),
        ("/restoring", "draft", 404),
        ("", "published", 200),
        ("/withdrawal", "draft", 404),
    ):
        assert as_sam.post(f"{HERE}/{post.id}{what}", data={**NEW, "then": "publish"}).status_code == 303
        assert (post.state, client.get(post.path).status_code) == (state, status)


def test_the_list_is_narrowed_sorted_and_asks_little(as_sam, sam, queries):
    make_post(sam, "Zebra", tags=["Mail"], category="How to", author_name="Priya")
    make_post(sam, "Apple", days_ago=None)

    def titles(query):
        return re.findall(r'<a class="strong" href="/admin/blog/[^"]+">([^<]+)<', as_sam.get(f"{HERE}?{query}").text)

    assert titles("state=draft") == ["Apple"]
    assert titles("state=published&tag=mail&category=how-to&author=Priya") == ["Zebra"]
    assert titles("q=zeb") == ["Zebra"]
    assert titles("sort=title") == ["Apple", "Zebra"]
    assert titles("sort=views&state=nonsense") == titles("sort=views")
    assert as_sam.get(f"{HERE}?cursor=abc").status_code == 400
    assert "Zebra" in as_sam.get("/admin/search?q=zebr").text
    with queries(max=15):
        as_sam.get(HERE)
    with queries(max=15):
        as_sam.get(f"{HERE}/{db.session().scalar(sa.select(Post.id).limit(1))}")


def test_an_exported_formula_is_text(as_sam, sam):
    make_post(sam, "=HYPERLINK(1)", author_name="+me", category="-cat", days_ago=None)

    rows = list(csv.DictReader(io.StringIO(as_sam.post(f"{HERE}/export", data={"as": "csv"}).text.lstrip("\ufeff"))))

    assert [rows[0][name][:2] for name in ("title", "author", "category")] == ["'=", "'+", "'-"]
