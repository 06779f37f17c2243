"""`/blog`: what everybody reads."""

import json
import re
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from app.features.blog import service
from app.features.files import service as files
from app.features.files.models import FileUse
from app.kernel import buffer, db, tenancy
from app.kernel.access import Role
from tests.blog.factories import make_post
from tests.files.factories import make_file
from tests.support.cast import make_staff, principal_of

ATOM = "{http://www.w3.org/2005/Atom}"
NASTY = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "[a](data:text/html,x)",
    "[a](JaVaScRiPt&colon;alert(1))", "![x](https://evil.example/a.png)", "<svg/onload=alert(1)>",
    '<a hx-get="/x" hx-on:click="alert(1)">x</a>', "</script><script>alert(1)</script>", "]]><script>alert(1)</script>",
    '"><script>alert(1)</script>', "{{7*7}}{% raw %}",
]  # fmt: skip


def test_everybody_reads_what_is_published_and_nothing_else(client, sam):
    post = make_post(sam, "Published news")
    draft = make_post(sam, "Draft news", days_ago=None)
    gone = make_post(sam, "Archived news")
    service.archive(gone)
    later = make_post(sam, "Later news", days_ago=None)
    service.schedule(later, post.created_at.replace(year=2027))

    text = client.get("/blog").text

    assert "Published news" in text
    assert not any(name in text for name in ("Draft news", "Archived news", "Later news"))
    assert client.get(post.path).status_code == 200
    assert [client.get(one.path).status_code for one in (draft, gone, later)] == [404] * 3
    assert all("Draft news" not in client.get(f"/{name}").text for name in ("blog/feed.xml", "sitemap.xml"))


def test_a_foreign_post_is_not_there(client, sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_post(make_staff("theo@tern.example", "Theo", Role.ADMIN), "Their news")

    assert client.get(foreign.path).status_code == 404
    assert "Their news" not in client.get("/blog").text + client.get("/blog/feed.xml").text
    assert client.get("/blog?tag=bristol").text.count("<article>") == 0


def test_a_post_says_who_when_how_long_and_what_else_there_is(client, sam):
    old = make_post(sam, "The first one", days_ago=9, tags=["Mail"], category="Other")
    post = make_post(sam, days_ago=5)
    new = make_post(sam, "The next one", days_ago=1, tags=["Bristol"])

    text = client.get(post.path).text

    assert "Sam Okafor" in text
    assert "15 Nov 2026" in text
    assert "1 minute" in text
    assert f'href="{old.path}" rel="prev"' in text
    assert f'href="{new.path}" rel="next"' in text
    assert text.index(">Related<") < text.rindex(f'href="{new.path}"')
    assert '<h2 id="on-where">' in text
    assert 'href="#on-why"' in text


def test_robots_and_previews_are_told(client, sam):
    post = make_post(sam, meta_description="Two are better.", meta_title="Data centres")

    text = client.get(post.path).text

    assert f'<link rel="canonical" href="http://127.0.0.1:2271{post.path}">' in text
    assert '<meta property="og:type" content="article"><meta property="og:title" content="Data centres">' in text
    assert '<meta name="description" content="Two are better.">' in text
    said = json.loads(re.search(r'ld\+json">(.*?)</script>', text)[1])
    assert (said["@type"], said["headline"], said["author"]["name"]) == ("BlogPosting", post.title, "Sam Okafor")


@pytest.mark.both_stores
def test_it_is_found_by_words_tag_and_category(client, sam):
    make_post(sam, "Faster mail", tags=["E-mail"], category="How to", body="Größer and *better*.")
    make_post(sam, "Winter party", tags=["House"], category="News", body="With soup.")

    def titles(query):
        return re.findall(r'<h2><a class="quiet-link"[^>]*>([^<]+)<', client.get(f"/blog?{query}").text)

    assert titles("q=gross") == ["Faster mail"]
    assert titles("q=soup") == ["Winter party"]
    assert titles("q=mail party") == []
    assert titles("tag=e-mail") == ["Faster mail"]
    assert titles("category=how-to") == ["Faster mail"]
    assert titles("category=news&q=wint") == ["Winter party"]
    assert client.get("/api/marketing/blog?search=soup").json["total"] == 1


@pytest.mark.parametrize(
    "q",
    ["'", '")', "--", ";", "a & | !", ":*", "<->", "NEAR(", '"', "*", "%", "_", "\0", "x" * 100_000, "🙂", "﷽" * 50],
)
def test_strange_questions_are_answered(client, sam, q):
    make_post(sam)

    for name in ("q", "tag", "category", "sort", "cursor") if len(q) < 1000 else ("q",):
        assert client.get("/blog", query_string={name: q}).status_code in {200, 400}


def test_pages_lead_on_and_back_and_ask_little(client, sam, queries):
    for number in range(14):
        make_post(sam, f"News {number:02}", days_ago=number + 1)

    first = client.get("/blog").text
    older = re.search(r'href="(/blog\?cursor=[^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    second = client.get(older).text

    assert (first.count("<article>"), second.count("<article>")) == (12, 2)
    assert "News 13" in second
    assert 'rel="prev"' in second
    with queries(max=15):
        client.get("/blog")
    with queries(max=15):
        client.get("/blog/news-03")


def test_an_old_address_leads_to_the_new_one_for_good(client, sam):
    post = make_post(sam)
    who = principal_of(sam)

    service.change(who, post, slug="two-data-centres")
    service.change(who, post, slug="bristol")

    for old in ("a-second-data-centre", "two-data-centres"):
        answer = client.get(f"/blog/{old}")
        assert (answer.status_code, answer.location) == (301, "/blog/bristol")
    assert client.get("/blog/bristol").status_code == 200
    service.archive(post)
    assert client.get("/blog/two-data-centres").status_code == 404


def test_readers_are_counted_and_staff_are_not(client, as_sam, sam):
    post = make_post(sam)

    for who in (client, client, as_sam):
        who.get(post.path)
    client.head(post.path)
    buffer.flush()

    db.session().refresh(post)
    assert post.views == 2


def test_the_feed_is_atom_and_says_when_it_is_the_same(client, sam):
    post = make_post(sam, "Fish & <chips>", body="Salt & *vinegar*.\x0b", tags=["Food"])

    answer = client.get("/blog/feed.xml")

    feed = ElementTree.fromstring(answer.data)
    entry = feed.find(f"{ATOM}entry")
    assert answer.mimetype == "application/atom+xml"
    assert entry.findtext(f"{ATOM}title") == "Fish & <chips>"
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{post.id}"
    assert entry.findtext(f"{ATOM}content") == "<p>Salt &amp; <em>vinegar</em>.</p>\n"
    assert {one.get("term") for one in entry.findall(f"{ATOM}category")} == {"news", "food"}
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers
    assert client.get("/blog/feed.xml", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_markup_from_outside_does_nothing_anywhere(client, as_sam, sam):
    body = "\n\n".join(NASTY)
    post = make_post(sam, NASTY[0] + NASTY[8], body=body, excerpt=NASTY[1], category=f"x{NASTY[0]}",
                     tags=[f"t{NASTY[10]}"], meta_title=NASTY[8], author_name=NASTY[1])  # fmt: skip

    pages = [client.get(url).text for url in (post.path, "/blog", f"/blog?q={NASTY[10]}")]
    pages += [
        as_sam.get(url).text for url in ("/admin/blog", f"/admin/blog/{post.id}", f"/admin/blog/{post.id}/preview")
    ]
    pages.append(as_sam.post("/admin/blog/previews", data={"body": body}).text)

    for text in pages:
        assert not re.search(
            r"<script(?![^>]*(src=|ld\+json))|<img(?! src=\"/files)|<svg/|<a hx-|\shref=\"(javascript|data)", text
        )
    ElementTree.fromstring(client.get("/blog/feed.xml").data)
    assert "javascript:" not in ElementTree.fromstring(client.get("/blog/feed.xml").data)[-1].find(
        f"{ATOM}content"
    ).text.replace("[a](javascript:alert(1))", "")
    said = re.search(r'ld\+json">(.*?)</script>', client.get(post.path).text)[1]
    assert "<" not in said


def test_links_that_lead_out_promise_nothing(client, sam):
    post = make_post(sam, body="[there](https://elsewhere.example/) and [here](/help)")

    text = client.get(post.path).text

    assert '<a href="https://elsewhere.example/" rel="noopener nofollow ugc">' in text
    assert '<a href="/help">here</a>' in text


def test_pictures_of_the_text_are_kept_shown_and_previewed(client, sam):
    file = make_file()
    post = make_post(sam, body=f"Look: {files.markdown(file)} ![no](https://evil.example/x.png)")

    text = client.get(post.path).text

    assert f'src="{file.address}"' in text
    assert f'<meta property="og:image" content="http://127.0.0.1:2271{file.address}">' in text
    assert "evil.example" not in text
    assert client.get(f"/api/marketing/blog/{post.slug}").json["image"].endswith(file.address)
    assert db.session().scalars(sa.select(FileUse.used_by_id)).all() == [post.id]
    service.change(principal_of(sam), post, body="Nothing to see.")
    assert db.session().scalars(sa.select(FileUse.used_by_id)).all() == []
