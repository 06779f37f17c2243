"""`/robots.txt` and `/sitemap.xml`: what search engines find of a brand, and where."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from app.features.kb import publishing
from app.features.tenants import service as tenants
from app.features.testimonials import service as testimonials
from app.kernel import clock, db, sitemaps, tenancy
from tests.blog.factories import make_post
from tests.kb.factories import make_article, make_published, make_topic
from tests.support.cast import OTHER_HOST
from tests.support.clients import open_client

HERE = "http://127.0.0.1:2271"


def addresses(answer):
    """What a file names, without the house in front."""
    found = ElementTree.fromstring(answer.data)
    return [one.findtext("{*}loc").removeprefix(HERE) for one in found]


@pytest.mark.both_stores
def test_the_map_of_the_site_names_all_that_everybody_reads_and_nothing_else(client, as_sam, sam, queries):
    topic = make_topic("E-mail")
    make_topic("Nothing yet")
    make_published(category_id=topic.id, tags=("imap", "почта"))
    make_article("Secret plans", tags=("hidden",))
    gone = make_published("Gone", tags=("past",))
    publishing.archive(gone)
    post = make_post(sam, category="News & more", tags=["Mail"])
    draft = make_post(sam, "Not yet", days_ago=None, tags=["Draft"], category="Later")
    said = testimonials.create(name="Ada", quote="They answer.", stars=5)
    before = addresses(client.get("/sitemap.xml"))
    testimonials.approve(said)

    with queries(max=6):
        answer = client.get("/sitemap.xml")

    assert sorted(addresses(answer)) == sorted([
        "/blog", "/blog?category=news-more", "/blog?tag=mail", post.path, "/help", "/help/set-up-mail-on-iphone",
        "/help/tags/%D0%BF%D0%BE%D1%87%D1%82%D0%B0", "/help/tags/imap", "/help/topics/e-mail", "/sign-up", "/testimonials",
    ])  # fmt: skip
    assert "/testimonials" not in before and draft.path not in addresses(answer)
    assert answer.text.count("<lastmod>") == 3
    for path in addresses(answer):
        assert client.get(path).status_code == 200, path


def test_it_is_kept_some_minutes_and_said_to_be_the_same(client, tenant):
    answer = client.get("/sitemap.xml")

    assert answer.content_type.startswith("application/xml")
    assert answer.headers["Cache-Control"] == "public, max-age=300" and "Set-Cookie" not in answer.headers
    assert client.get("/sitemap.xml", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_where_the_rooms_had_maps_of_their_own_robots_are_led_on(client, tenant):
    for path in ("/help/sitemap.xml", "/blog/sitemap.xml"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (301, "/sitemap.xml")


@pytest.mark.both_stores
def test_a_large_site_has_an_index_whose_files_name_everything_once(client, sam, monkeypatch):
    for number in range(5):
        make_published(f"Article {number}")
    post = make_post(sam)
    small = addresses(client.get("/sitemap.xml"))
    monkeypatch.setattr(sitemaps, "MOST", len(small) - 1)
    monkeypatch.setattr(sitemaps, "IN_A_FILE", 2)

    index = client.get("/sitemap.xml")

    assert ElementTree.fromstring(index.data).tag.endswith("}sitemapindex")
    files = addresses(index)
    assert {"/sitemap-help-3.xml", "/sitemap-blog-1.xml"} < set(files)
    found = [path for file in files for path in addresses(client.get(file))]
    assert sorted(found) == sorted(small) and post.path in found
    for none in ("/sitemap-help-4.xml", "/sitemap-help-0.xml", "/sitemap-help-99999999999999999999.xml",
                 "/sitemap-none-1.xml"):  # fmt: skip
        assert client.get(none).status_code == 404


def test_exactly_as_many_as_a_file_may_have_are_one_file(client, tenant, monkeypatch):
    for number in range(3):
        make_published(f"Article {number}")
    monkeypatch.setattr(sitemaps, "MOST", len(addresses(client.get("/sitemap.xml"))))

    assert ElementTree.fromstring(client.get("/sitemap.xml").data).tag.endswith("}urlset")


def test_each_brand_names_its_own_addresses_alone(panel_app, client, other_tenant):
    make_published("Ours")
    with tenancy.as_tenant(other_tenant.id):
        make_published("Theirs")
        db.session().flush()
    there = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)

    theirs = there.get("/sitemap.xml").text

    assert f"<loc>http://{OTHER_HOST}:2271/help/theirs</loc>" in theirs and "ours" not in theirs
    assert "theirs" not in client.get("/sitemap.xml").text
    assert f"Sitemap: http://{OTHER_HOST}:2271/sitemap.xml" in there.get("/robots.txt").text


def test_robots_may_read_what_is_public_and_nothing_behind_a_door(client, tenant):
    answer = client.get("/robots.txt")

    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=300" and "Set-Cookie" not in answer.headers
    assert answer.text.splitlines() == [
        "User-agent: *", "Disallow: /admin", "Disallow: /client", "Disallow: /reseller", "Disallow: /api",
        "Disallow: /oauth", "", f"Sitemap: {HERE}/sitemap.xml",
    ]  # fmt: skip


def test_robots_read_nothing_at_another_name_of_the_house_nor_while_it_is_paused_or_closed(
    panel_app, client, tenant, other_tenant
):
    closed = "User-agent: *\nDisallow: /\n"
    other_name = open_client(panel_app, host="localhost:2271", tenant_id=tenant.id)
    there = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)

    assert other_name.get("/robots.txt").text == closed
    assert client.get("/robots.txt").text != closed
    for moment in ("suspended_at", "closed_at"):
        setattr(other_tenant, moment, clock.now() - timedelta(days=1))
        db.session().flush()
        tenants.forget()
        answer = there.get("/robots.txt")
        assert (answer.status_code, answer.text) == (200, closed)
        assert there.get("/sitemap.xml").status_code in {410, 503}
        setattr(other_tenant, moment, None)


def test_an_operator_with_a_domain_of_its_own_is_found_there_and_not_at_the_address_of_the_installation(
    panel_app, client, tenant
):
    tenant.domain, tenant.domain_verified_at = "www.harbourline.example", clock.now()
    db.session().flush()
    tenants.forget()
    own = open_client(panel_app, host="www.harbourline.example", tenant_id=tenant.id)

    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert "Sitemap: http://www.harbourline.example:2271/sitemap.xml" in own.get("/robots.txt").text
    assert "127.0.0.1" not in own.get("/sitemap.xml").text
