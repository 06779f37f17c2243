"""`/api/marketing/blog` for everybody and `/api/v1/blog` for staff."""

import pytest

from app.features.blog import service
from app.kernel import tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from tests.blog.factories import make_post
from tests.support.cast import make_staff, principal_of

SITE, HERE = "/api/marketing/blog", "/api/v1/blog/posts"
NOBODY = "01a20039-3263-761f-b396-da474dc61bc1"
NEW = {"title": "A second data centre", "body": "In *Bristol*.", "tags": ["Hosting"], "category": "News"}
VERBS = ("publish", "withdraw", "archive", "restore")


def test_everybody_gets_what_is_published_newest_first(client, sam):
    old, new = make_post(sam, "Old", days_ago=9), make_post(sam, "New", days_ago=1, excerpt="In short.")
    make_post(sam, "Draft", days_ago=None)

    found = client.get(SITE).json

    assert (found["page"], found["pages"], found["total"]) == (1, 1, 2)
    assert [post["slug"] for post in found["posts"]] == ["new", "old"]
    assert found["posts"][0] == {
        "id": str(new.id), "slug": "new", "url": "http://127.0.0.1:2271/blog/new", "title": "New", "excerpt": "In short.",
        "category": {"slug": "news", "name": "News"},
        "tags": [{"slug": "hosting", "name": "Hosting"}, {"slug": "bristol", "name": "Bristol"}],
        "author": "Sam Okafor", "reading_minutes": 1, "cover": None, "cover_alt": "", "published_at": "2026-11-19T13:22:00Z",
    }  # fmt: skip
    assert found["posts"][1]["excerpt"].startswith("In Bristol, by the river. Because")
    assert client.get(f"{SITE}?limit=1&page=2").json["posts"][0]["id"] == str(old.id)
    assert client.get(f"{SITE}?tag=bristol&category=news&search=short").json["total"] == 1
    assert client.get(f"{SITE}?tag=nothing").json == {"posts": [], "page": 1, "pages": 1, "total": 0}


def test_one_post_comes_whole_and_clean_by_any_address_it_had(client, sam):
    post = make_post(sam, body="# Hi\n\n<script>alert(1)</script> [a](javascript:x)", slug="first")
    service.change(principal_of(sam), post, slug="second")

    found = client.get(f"{SITE}/first").json

    assert (found["slug"], found["meta_title"]) == ("second", post.title)
    assert found["html"].startswith('<h2 id="on-hi">Hi</h2>')
    assert "<script" not in found["html"]
    assert "href=" not in found["html"]
    service.archive(post)
    assert client.get(f"{SITE}/second").status_code == 404


@pytest.mark.parametrize(
    "query", ["page=-1", "page=0", "page=1e9", "page=1000000000", "limit=0", "limit=1000000000", "page=9999&limit=100", "q=x",
              "tag=a&tag=b", "search=" + "x" * 300, "search=%00"]
)  # fmt: skip
def test_strange_questions_are_refused(client, sam, query):
    assert client.get(f"{SITE}?{query}").status_code == 422


def test_search_words_are_words(client, sam):
    make_post(sam)

    for text in ("'", '")', "--", "NEAR(", "*", "%", "a & | !", "🙂"):
        assert client.get(SITE, query_string={"search": text}).json["total"] in {0, 1}


def test_strangers_customers_and_lesser_staff_are_kept_out(client, as_alice, sign_in, sam):
    post = make_post(sam, days_ago=None)
    viewer = sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))
    member = sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))

    assert [who.get(f"{HERE}/{post.id}").status_code for who in (client, as_alice, viewer)] == [401, 403, 200]
    assert [who.post(HERE, json=NEW).status_code for who in (as_alice, viewer, member)] == [403, 403, 201]
    for verb in VERBS:
        assert [who.post(f"{HERE}/{post.id}/{verb}").status_code for who in (as_alice, viewer, member)] == [403] * 3
    assert member.patch(f"{HERE}/{post.id}", json={"body": "More."}).status_code == 200
    service.publish(post)
    assert member.patch(f"{HERE}/{post.id}", json={"body": "Even more."}).json["code"] == "admins_only"
    assert post.body == "More."


def test_a_foreign_post_is_not_there(client, as_sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), "Their news")

    for url in (f"{HERE}/{foreign.id}", f"{HERE}/{new_id()}"):
        assert [as_sam.get(url).status_code, as_sam.patch(url, json={"title": "Mine"}).status_code] == [404, 404]
        assert [as_sam.post(f"{url}/{verb}").status_code for verb in VERBS] == [404] * 4
    assert as_sam.get(HERE).json["items"] == client.get(SITE).json["posts"] == []
    assert client.get(f"{SITE}/{foreign.slug}").status_code == 404


def test_a_post_is_written_scheduled_published_and_archived(as_sam, client):
    made = as_sam.post(HERE, json=NEW).json
    url = f"{HERE}/{made['id']}"

    assert (made["state"], made["slug"], made["author_name"]) == ("draft", "a-second-data-centre", "Sam Okafor")
    assert (
        as_sam.post(f"{url}/schedule", json={"at": "2026-12-01T09:00:00+01:00"}).json["scheduled_for"]
        == "2026-12-01T08:00:00Z"
    )
    assert as_sam.post(f"{url}/publish").json["state"] == "published"
    assert client.get(f"{SITE}/{made['slug']}").json["html"] == "<p>In <em>Bristol</em>.</p>\n"
    changed = as_sam.patch(url, json={"title": "Two", "slug": "two", "tags": []}).json
    assert (changed["slug"], changed["tags"], changed["body"]) == ("two", [], "In *Bristol*.")
    assert as_sam.patch(url, json={"title": "Three", "revision": 1}).status_code == 409
    assert [as_sam.post(f"{url}/{verb}").json["state"] for verb in ("archive", "restore", "publish", "withdraw")] == [
        "archived", "draft", "published", "draft",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", ""), ("title", 5), ("body", "x" * 100_001), ("slug", "Not One"), ("tags", "Hosting"), ("views", 9),
     ("author_id", NOBODY), ("published_at", "2026-01-01T00:00:00Z"), ("category", "!"), ("tenant_id", NOBODY)],
)  # fmt: skip
def test_wrong_and_unknown_fields_are_named(as_sam, tenant, field, value):
    answer = as_sam.post(HERE, json={**NEW, field: value})

    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json["errors"]] == [field]


@pytest.mark.parametrize(
    "at", ["2026-02-30T09:00:00Z", "2026-12-01T09:00:00", "10000-01-01T00:00:00Z", "2026-11-01T09:00:00Z", 5]
)
def test_a_moment_that_is_none_or_past_is_refused(as_sam, sam, at):
    post = make_post(sam, days_ago=None)

    assert as_sam.post(f"{HERE}/{post.id}/schedule", json={"at": at}).status_code == 422
    assert post.state == "draft"


@pytest.mark.both_stores
def test_nobody_publishes_other_words_than_those_they_read(as_sam, sam):
    """A member may change a draft until the moment it is published."""
    post = make_post(sam, days_ago=None)
    url, seen = f"{HERE}/{post.id}", as_sam.get(f"{HERE}/{post.id}").json["revision"]
    service.change(principal_of(sam), post, body="Not read over.")

    late = as_sam.post(f"{url}/publish?revision={seen}")
    assert (late.status_code, late.json["code"]) == (409, "changed_meanwhile")
    at = {"at": "2026-12-01T09:00:00Z"}
    assert as_sam.post(f"{url}/schedule", json={**at, "revision": seen}).status_code == 409
    assert post.state == "draft"
    assert as_sam.post(f"{url}/schedule", json={**at, "revision": seen + 1}).json["state"] == "scheduled"
    for _ in range(2):
        assert as_sam.post(f"{url}/publish?revision={seen + 2}").json["state"] == "published"
    assert [as_sam.post(f"{url}/publish?revision={said}").status_code for said in ("0", "x", "9" * 30)] == [422] * 3
