"""`/help`: what everybody reads, finds and says."""

import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from app.features.branding import service as branding
from app.features.kb import counting, index, publishing, service
from app.features.kb.models import LivePage, ReadingDay, SearchDay, Vote
from app.features.kb.service import Words
from app.kernel import buffer, db, tenancy
from tests.kb.factories import make_article, make_published, make_topic
from tests.support.cast import HOST
from tests.support.clients import open_client

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
OTHER_BROWSER = {"User-Agent": "Mozilla/5.0 (Macintosh) Safari/605.1.15"}
MAIL = "/help/set-up-mail-on-iphone"
HERE = "127.0.0.1"


@pytest.fixture
def stranger(panel_app, tenant):
    """Makes browsers of somebody else behind the same address."""
    return lambda: open_client(panel_app, host=HOST, tenant_id=tenant.id)


def page_of(article):
    found = sa.select(LivePage).where(LivePage.article_id == article.id).execution_options(populate_existing=True)
    return db.session().scalars(found).one()


def searched():
    rows = db.session().scalars(sa.select(SearchDay).execution_options(populate_existing=True))
    return {row.words: (row.searches, row.misses, row.clicks) for row in rows}


def fragment(client, url, target):
    return client.get(url, headers=BROWSER | {"HX-Request": "true", "HX-Target": target})


def test_a_stranger_reads_what_is_published_and_nothing_else(client, as_charlie, tenant):
    make_published()
    make_article("Secret plans")

    assert "Add the account" in client.get(MAIL).text
    assert client.get("/help/secret-plans").status_code == 404
    assert as_charlie.get(MAIL).status_code == 404
    assert "Set up mail" not in as_charlie.get("/help?q=mail").text


def test_pages_of_strangers_bear_no_cookie_and_may_be_kept_a_minute(client, as_alice, tenant):
    topic = make_topic("E-mail")
    make_published(category_id=topic.id, tags=("imap",))

    for path in ("/help", "/help?q=mail", MAIL, "/help/topics/e-mail", "/help/tags/imap", "/help/feed.xml"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert "Set-Cookie" not in answer.headers
        assert as_alice.get(path).headers["Cache-Control"] == "no-store"


def test_an_article_has_contents_and_what_is_near_it(client, tenant, queries):
    topic = make_topic("E-mail")
    body = "Words.\n\n## First part\n\nMore.\n\n### Inside\n\nMore.\n\n## Second part\n\nEnd."
    make_published(body=body, category_id=topic.id, tags=("imap",))
    make_published("Of the same topic", category_id=topic.id)
    make_published("With the same tag", tags=("imap", "other"))
    make_published("Quite different")

    with queries(max=15):
        text = client.get(MAIL).text

    assert re.findall(r'href="#(on-[a-z-]+)"[^>]*>([^<]+)', text)[:3] == [
        ("on-first-part", "First part"), ("on-inside", "Inside"), ("on-second-part", "Second part"),
    ]  # fmt: skip
    assert 'id="on-second-part"' in text
    related = text[text.index("Related</h2>") :]
    assert re.findall(r'href="/help/([a-z-]+)"', related)[:2] == ["with-the-same-tag", "of-the-same-topic"]


def test_an_old_address_leads_to_the_new_one(client, tenant):
    article = make_published()
    for slug in ("mail-on-phones", "phones"):
        service.save(article, Words(title=article.title, body=article.body, slug=slug), seen=article.revision)
    assert client.get(MAIL).status_code == 200  # readers keep the address until it is published anew
    publishing.publish(article)

    moved = client.get(MAIL)
    assert (moved.status_code, moved.location) == (301, "/help/phones")
    assert client.get("/help/mail-on-phones").status_code == 404  # no reader ever knew it
    make_published()
    assert client.get(MAIL).status_code == 200  # somebody else stands there now


def test_search_engines_are_told_what_it_is(client, tenant):
    topic = make_topic("E-mail")
    make_published(category_id=topic.id, summary="Three minutes.", seo_title="Mail </script> on iOS", tags=("imap",))

    text = client.get(f"{MAIL}?q=mail").text

    assert '<link rel="canonical" href="http://127.0.0.1:2271/help/set-up-mail-on-iphone">' in text
    assert '<meta name="description" content="Three minutes.">' in text
    assert '<meta property="og:title" content="Mail &lt;/script&gt; on iOS">' in text
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert json.loads(data)["headline"] == "Set up mail on iPhone"
    assert json.loads(data)["mainEntityOfPage"].endswith(MAIL)


def test_the_feed_names_every_article(client, tenant):
    make_published("Less < more & \u202eturned".replace("\u202e", ""), "\x0b Words \x01 <b>.")
    make_published()
    make_article("A draft")

    feed = ElementTree.fromstring(client.get("/help/feed.xml").data)

    atom = "{http://www.w3.org/2005/Atom}"
    assert [one.findtext(f"{atom}title") for one in feed.findall(f"{atom}entry")] == [
        "Set up mail on iPhone", "Less < more & turned",
    ]  # fmt: skip


def test_suggestions_come_as_one_types(client, tenant):
    make_published()

    answer = fragment(client, "/help?q=mai", "hits")

    assert answer.text.strip().startswith('<div id="hits"')
    assert 'href="/help/set-up-mail-on-iphone?q=mai"' in answer.text and "<mark>mail</mark>" in answer.text


def test_of_more_than_are_ranked_no_number_is_claimed(client, tenant, monkeypatch):
    monkeypatch.setattr(index, "RANKED", 7)
    for number in range(8):
        make_published(f"Mail {number}")

    assert "See all of them" in fragment(client, "/help?q=mail", "hits").text
    assert "the best of 7 articles" in client.get("/help/search?q=mail").text


def test_what_is_searched_missed_and_opened_is_counted_a_moment_later(client, tenant):
    make_published()
    branding.install_defaults(tenant, support_email="help@harbourline.example")

    client.get("/help/search?q=Mail+on", headers=BROWSER)
    missing = client.get("/help/search?q=Kubernetes", headers=BROWSER)
    client.get(f"{MAIL}?q=Mail+on", headers=BROWSER)
    fragment(client, "/help?q=kuber", "hits")
    client.get("/help/search?q=mail", headers={"User-Agent": "Googlebot/2.1"})
    assert searched() == {}
    buffer.flush()

    assert "mailto:help@harbourline.example?subject=Kubernetes" in missing.text
    assert searched() == {"mail on": (1, 0, 1), "kubernetes": (1, 1, 0)}
    assert client.get("/help/search/miss?q=kuber", headers=BROWSER).status_code == 204
    assert client.get("/help/search/miss?q=mail", headers=BROWSER).status_code == 204
    buffer.flush()
    assert searched()["kuber"] == (1, 1, 0) and "mail" not in searched()


def test_people_who_read_are_counted_but_not_staff_and_programs(client, as_sam, as_alice, tenant, now):
    article = make_published()

    for who in (client, as_alice, as_sam):
        who.get(MAIL, headers=BROWSER)
    client.get(MAIL, headers={"User-Agent": "curl/8"})
    now.shift(timedelta(days=40))
    client.get(MAIL, headers=BROWSER)
    buffer.flush()

    assert (page_of(article).views, page_of(article).recent_views) == (3, 3)
    assert sorted(db.session().scalars(sa.select(ReadingDay.views))) == [1, 2]
    counting.tidy()
    assert (page_of(article).views, page_of(article).recent_views) == (3, 1)


def test_most_read_comes_first(client, tenant):
    make_published("One")
    make_published("Two")
    client.get("/help/one", headers=BROWSER)
    buffer.flush()

    text = client.get("/help").text

    assert text.index('href="/help/one"') < text.index('href="/help/two"')


@pytest.mark.both_stores
def test_a_visitor_votes_once_and_may_think_again(client, stranger, tenant):
    article, another = make_published(), stranger()

    assert client.post(f"{MAIL}/vote", data={"helpful": "yes"}, headers=BROWSER).location == f"{MAIL}/vote"
    client.post(f"{MAIL}/vote", data={"helpful": "yes"}, headers=OTHER_BROWSER)
    assert (page_of(article).yes_votes, page_of(article).no_votes) == (1, 0)
    client.post(f"{MAIL}/vote", data={"helpful": "no", "comment": "The port is wrong."}, headers=BROWSER)
    assert (page_of(article).yes_votes, page_of(article).no_votes) == (0, 1)
    another.post(f"{MAIL}/vote", data={"helpful": "yes"}, headers=BROWSER)
    assert (page_of(article).yes_votes, page_of(article).no_votes) == (1, 1)

    assert "1 of 2 people said yes" in client.get(f"{MAIL}/vote", headers=BROWSER).text
    mine = db.session().scalars(sa.select(Vote).where(Vote.is_helpful.is_(False))).one()
    assert (mine.comment, mine.user_id) == ("The port is wrong.", None)
    kept = client.get_cookie("mpanel-reader", HERE, "/help").value
    assert "127.0.0" not in mine.voter and len(mine.voter) == 64 and mine.voter != kept


def test_the_browser_of_who_voted_is_known_for_a_year_and_under_help_alone(client, tenant, now):
    article = make_published()
    before = client.get(f"{MAIL}/vote").headers.getlist("Set-Cookie")

    (cookie,) = client.post(f"{MAIL}/vote", data={"helpful": "yes"}).headers.getlist("Set-Cookie")

    assert not any("reader" in one for one in before)
    assert cookie.startswith("mpanel-reader=")
    for said in ("Max-Age=31536000", "Path=/help", "HttpOnly", "SameSite=Lax"):
        assert said in cookie
    client.delete_cookie("mpanel-visit", domain=HERE)  # the browser was closed
    client.post(f"{MAIL}/vote", data={"helpful": "no"}, headers=OTHER_BROWSER)
    assert (page_of(article).yes_votes, page_of(article).no_votes) == (0, 1)


def test_two_clicks_before_the_first_answer_are_one_vote(client, tenant):
    article = make_published()

    for _ in range(2):
        client.post(f"{MAIL}/vote", data={"helpful": "yes"})
        client.delete_cookie("mpanel-reader", domain=HERE, path="/help")

    assert page_of(article).yes_votes == 1


def test_strangers_of_one_network_add_five_votes_a_day_to_an_article_and_may_still_change_theirs(
    client, stranger, tenant, as_alice, now
):
    article, other = make_published(), make_published("Another one")
    readers = [stranger() for _ in range(6)]

    answers = [one.post(f"{MAIL}/vote", data={"helpful": "yes"}).status_code for one in readers]

    assert answers == [303] * 5 + [429]
    assert page_of(article).yes_votes == 5
    assert readers[0].post(f"{MAIL}/vote", data={"helpful": "no"}).status_code == 303
    assert readers[5].post("/help/another-one/vote", data={"helpful": "yes"}).status_code == 303
    assert as_alice.post(f"{MAIL}/vote", data={"helpful": "yes"}).status_code == 303
    assert (page_of(article).yes_votes, page_of(article).no_votes, page_of(other).yes_votes) == (5, 1, 1)
    now.shift(timedelta(days=1, seconds=1))
    assert readers[5].post(f"{MAIL}/vote", data={"helpful": "yes"}).status_code == 303


@pytest.mark.both_stores
def test_who_voted_and_signs_in_then_has_one_vote(client, sign_in, tenant, alice):
    article = make_published()
    client.post(f"{MAIL}/vote", data={"helpful": "yes"})
    kept = client.get_cookie("mpanel-reader", HERE, "/help").value
    as_alice = sign_in(alice)
    as_alice.set_cookie("mpanel-reader", kept, domain=HERE, path="/help")

    as_alice.post(f"{MAIL}/vote", data={"helpful": "no"})

    assert (page_of(article).yes_votes, page_of(article).no_votes) == (0, 1)
    assert db.session().scalars(sa.select(Vote.user_id)).all() == [alice.id]


@pytest.mark.parametrize("said", ["", "x" * 64, "g" * 64, "0" * 63, "'; --"])
def test_a_cookie_that_is_not_ours_is_none(client, tenant, said):
    article = make_published()
    client.set_cookie("mpanel-reader", said, domain=HERE, path="/help")

    client.post(f"{MAIL}/vote", data={"helpful": "yes"})

    assert page_of(article).yes_votes == 1
    assert re.fullmatch("[0-9a-f]{64}", client.get_cookie("mpanel-reader", HERE, "/help").value)


def test_who_is_signed_in_votes_as_themselves(as_alice, as_bob, tenant, alice):
    article = make_published()

    for who in (as_alice, as_bob):
        who.post(f"{MAIL}/vote", data={"helpful": "yes"}, headers=BROWSER)

    assert page_of(article).yes_votes == 2
    assert alice.id in set(db.session().scalars(sa.select(Vote.user_id)))


def test_the_vote_is_asked_below_the_article_and_refused_without_an_answer(client, tenant):
    make_published()

    box = fragment(client, f"{MAIL}/vote", "vote").text
    refused = client.post(f"{MAIL}/vote", data={"comment": "x" * 1001}, headers=BROWSER)

    assert box.strip().startswith('<div id="vote"') and 'name="csrf_token"' in box
    assert refused.status_code == 422 and "x" * 1001 in refused.text
    assert db.session().scalars(sa.select(Vote)).all() == []


def test_a_house_without_articles_says_so_and_where_to_ask(client, tenant):
    branding.install_defaults(tenant, support_email="help@harbourline.example")

    text = client.get("/help").text

    assert "No articles yet" in text and "mailto:help@harbourline.example" in text


@pytest.mark.parametrize("query", ["page=-1", "page=1e9", "page=99999", "page=0", "q=%00", "q=" + "a" * 100_000])
def test_nonsense_in_the_address_is_taken_for_nothing(client, tenant, query):
    make_published()

    assert client.get(f"/help/search?q=mail&{query}").status_code in {200, 414}


def test_what_was_counted_of_a_tenant_that_is_gone_is_let_go(client, tenant, other_tenant):
    article = make_published()
    counting.note_reading(article.id)
    with tenancy.as_tenant(other_tenant.id):
        counting.note_reading(article.id)
        counting.note_click("mail")
    buffer.flush()

    assert page_of(article).views == 1
    assert searched() == {}


def test_a_page_of_a_tag_says_the_tag_and_nothing_else_of_its_address(client, tenant):
    make_published(tags=("imap",))

    told = client.get("/help/tags/imap" + "%20" * 200 + "Your%20account%20is%20closed").text

    assert "Tagged imap" in told and '/help/tags/imap"' in told
    assert "closed" not in told


def test_addresses_made_up_by_strangers_fill_no_figures(client, tenant, monkeypatch):
    """And once a day is full, what was asked before goes on being counted."""
    make_published()
    monkeypatch.setattr(counting, "MOST_A_DAY", 1)

    for asked in ("junk one", "junk two"):
        client.get(f"{MAIL}?q={asked}", headers=BROWSER)
    buffer.flush()
    assert searched() == {}
    for _ in range(2):
        for asked in ("mail", "other"):
            client.get(f"/help/search?q={asked}", headers=BROWSER)
        client.get(f"{MAIL}?q=mail", headers=BROWSER)
        buffer.flush()

    assert searched() == {"mail": (2, 0, 2)}
