"""`/api/kb`: what programs read, and what programs of staff write."""

import pytest
import sqlalchemy as sa

from app.features.kb import counting
from app.features.kb.models import LivePage
from app.kernel import buffer, db
from app.kernel.access import Role
from app.kernel.ids import new_id
from tests.kb.factories import make_article, make_published, make_topic
from tests.support.cast import make_staff

ADMIN = "/api/kb/admin"


def test_strangers_read_and_do_not_write(client, as_alice, as_charlie, sign_in, tenant):
    article = make_published()
    viewer = sign_in(make_staff("vi@harbourline.example", "Vi", Role.VIEWER))
    body = {"title": "Mine", "body": "Words."}

    assert client.get("/api/kb/articles").json["total"] == 1
    assert as_charlie.get("/api/kb/articles").json["total"] == 0
    assert as_charlie.get(f"/api/kb/articles/{article.slug}").status_code == 404
    for who, status in ((client, 401), (as_alice, 403), (as_charlie, 403), (viewer, 403)):
        assert who.get(f"{ADMIN}/articles").status_code == status
        assert who.get(f"{ADMIN}/stats").status_code == status
        assert who.post(f"{ADMIN}/articles", json=body).status_code in {status, 403}
        assert who.put(f"{ADMIN}/articles/{article.id}", json=body | {"revision": 1}).status_code in {status, 403}


def test_articles_are_found_by_words_topic_and_tag(client, tenant):
    topic = make_topic("E-mail")
    make_published("Mail & <b>more</b>", "Set it up & <i>go</i>.", category_id=topic.id, tags=("imap",))
    make_published("Domains", "Words on mail.")
    make_article("Mail drafts")

    found = client.get("/api/kb/articles?q=mial").json
    assert (found["corrected"], found["total"], found["has_more"], found["page"]) == ("mail", 2, False, 1)
    assert found["articles"][0]["title_html"] == "<mark>Mail</mark> &amp; &lt;b&gt;more&lt;/b&gt;"
    assert found["articles"][0]["category"] == "e-mail"
    for query in ("q=mail&category=e-mail", "category=e-mail", "tag=imap", "q=mail&tag=IMAP"):
        assert [one["slug"] for one in client.get(f"/api/kb/articles?{query}").json["articles"]] == ["mail-b-more-b"]
    assert [one["slug"] for one in client.get("/api/kb/tags/imap").json] == ["mail-b-more-b"]
    assert client.get("/api/kb/tags/none").json == []
    assert client.get("/api/kb/articles?category=none").status_code == 404


def test_more_than_fit_on_a_page_stand_on_the_next(client, tenant):
    for number in range(20):
        make_published(f"Mail {number:02}", "Words.")
    for query in ("", "q=mail&"):
        assert client.get(f"/api/kb/articles?{query}page=1").json["has_more"] is False

    make_published("Mail 20", "Words.")

    for query in ("", "q=mail&"):
        pages = [client.get(f"/api/kb/articles?{query}page={number}").json for number in (1, 2, 3)]
        assert [(len(page["articles"]), page["has_more"]) for page in pages] == [(20, True), (1, False), (0, False)]
        assert [page["total"] for page in pages[:2]] == [21, 21]
        assert len({one["slug"] for page in pages for one in page["articles"]}) == 21


@pytest.mark.parametrize("query", ["page=-1", "page=0", "page=1e9", "page=51", "limit=5", "q=" + "a" * 201, "q=a%00b"])
def test_nonsense_is_refused_and_named(client, tenant, query):
    assert client.get(f"/api/kb/articles?{query}").status_code == 422


def test_one_article_is_given_whole_and_clean(client, sign_in, tenant):
    make_published(body="## Part\n\n<script>alert(1)</script> [x](https://evil.example)", tags=("imap",))

    found = client.get("/api/kb/articles/set-up-mail-on-iphone")

    assert found.content_type == "application/json"
    assert "<script" not in found.json["html"] and 'rel="noopener nofollow ugc"' in found.json["html"]
    assert found.json["contents"] == [{"level": 2, "text": "Part", "anchor": "on-part"}]
    assert found.json["url"] == "http://127.0.0.1:2271/help/set-up-mail-on-iphone"
    assert client.get("/api/kb/articles/none").status_code == 404


def test_any_program_votes_once_for_its_network_whatever_it_calls_itself(client, tenant):
    article = make_published()
    bare = client.application.test_client()

    for number, helpful in enumerate((True, True, False)):
        answer = bare.post(f"/api/kb/articles/{article.id}/vote", json={"helpful": helpful},
                           headers={"User-Agent": f"Program/{number}"}, base_url="http://127.0.0.1:2271")  # fmt: skip
    assert answer.json == {"helpful": 0, "votes": 1}
    form = bare.post(f"/api/kb/articles/{article.id}/vote", data={"helpful": "true"}, base_url="http://127.0.0.1:2271")
    assert form.status_code == 415  # what a form of another site could send
    assert client.post(f"/api/kb/articles/{new_id()}/vote", json={"helpful": True}).status_code == 404
    assert client.post(f"/api/kb/articles/{make_article('x').id}/vote", json={"helpful": True}).status_code == 404


def test_popular_ones_are_read_most(client, tenant):
    make_published("One")
    article = make_published("Two")
    counting.note_reading(article.id)
    buffer.flush()

    assert [one["slug"] for one in client.get("/api/kb/popular?limit=1").json] == ["two"]
    assert client.get("/api/kb/popular?limit=1000").status_code == 422


def test_staff_write_publish_and_read_the_figures(as_sam, sign_in, tenant):
    as_mo = sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))
    make_topic("E-mail")
    body = {"title": "Quotas", "body": "Ten.", "tags": ["Disk Space"], "category": "e-mail"}

    assert as_mo.post(f"{ADMIN}/articles", json=body | {"publish": True}).status_code == 403
    made = as_sam.post(f"{ADMIN}/articles", json=body | {"publish": True})
    assert made.status_code == 201
    assert (made.json["state"], made.json["slug"], made.json["tags"]) == ("published", "quotas", ["disk-space"])
    url = f"{ADMIN}/articles/{made.json['id']}"
    changed = as_mo.put(url, json=body | {"body": "Twenty.", "revision": 1})
    assert (changed.json["revision"], changed.json["has_changes"]) == (2, True)
    assert as_mo.put(url, json=body | {"revision": 1}).status_code == 409
    assert as_mo.put(url, json=body | {"revision": 2, "slug": "No way"}).status_code == 422
    assert as_sam.post(f"{ADMIN}/articles", json=body | {"category": "none"}).status_code == 422
    assert db.session().scalars(sa.select(LivePage.plain)).one() == "Ten."

    assert [one["title"] for one in as_mo.get(f"{ADMIN}/articles").json["items"]] == ["Quotas"]
    assert as_mo.get(f"{ADMIN}/stats").json["articles"] == 1
