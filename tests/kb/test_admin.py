"""`/admin/kb`: staff write, look over, publish and learn."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.files.models import FileUse
from app.features.kb import addresses, counting, publishing, service, votes
from app.features.kb.models import Article, Category, LivePage, Version
from app.features.kb.service import Words
from app.kernel import buffer, clock, db
from app.kernel.access import Role
from tests.files.factories import picture
from tests.kb.factories import BODY, make_article, make_published, make_topic
from tests.support.cast import make_staff

HERE = "/admin/kb"
WRITTEN = {"title": "Set up mail", "body": "Words.", "tags": "imap, iPhone", "summary": "", "seo_title": "", "slug": "",
           "category": "", "publish_at": ""}  # fmt: skip
READS = ("", "/new", "/{id}", "/{id}/versions", "/{id}/versions/1", "/topics", "/figures")
WRITES = ("", "/export", "/preview", "/{id}", "/{id}/preview", "/{id}/review", "/{id}/taking-back",
          "/{id}/versions/1/restoring")  # fmt: skip
ADMINS = ("/{id}/publication", "/{id}/schedule", "/{id}/schedule/end", "/{id}/review/end", "/{id}/archiving", "/topics",
          "/topics/{topic}", "/topics/{topic}/deletion")  # fmt: skip


@pytest.fixture
def as_mo(sign_in, tenant):
    """A member of staff who writes and does not publish."""
    return sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))


def only():
    return db.session().scalars(sa.select(Article).execution_options(populate_existing=True)).one()


def sent(article, **changes):
    return WRITTEN | {"title": article.title, "body": article.body, "slug": article.slug, "tags": ", ".join(article.tags),
                      "revision": str(article.revision)} | changes  # fmt: skip


def logged():
    return [row for row in db.session().scalars(sa.select(AuditLog.action).order_by(AuditLog.id))
            if row.startswith(("ARTICLE", "TOPIC"))]  # fmt: skip


def test_strangers_and_customers_are_kept_out_and_members_do_not_publish(
    client, as_alice, as_charlie, as_mo, sign_in, tenant
):
    viewer = sign_in(make_staff("vi@harbourline.example", "Vi", Role.VIEWER))
    article, topic = make_article(), make_topic()
    full = {part: HERE + part.format(id=article.id, topic=topic.id) for part in (*READS, *WRITES, *ADMINS)}

    for part in READS:
        assert client.get(full[part]).status_code == 303
        assert [who.get(full[part]).status_code for who in (as_alice, as_charlie, viewer)] == [403] * 3
        assert as_mo.get(full[part]).status_code == 200
    for part in (*WRITES, *ADMINS):
        assert client.post(full[part], data=WRITTEN).status_code in {303, 401, 403}
        assert [who.post(full[part], data=WRITTEN).status_code for who in (as_alice, as_charlie, viewer)] == [403] * 3
    for part in ADMINS:
        assert as_mo.post(full[part], data=sent(article)).status_code == 403
    assert only().state == "draft"


def test_an_article_is_written_kept_and_published(as_sam, client, tenant):
    assert "Empty: made of the title." in as_sam.get(f"{HERE}/new").text
    made = as_sam.post(HERE, data=WRITTEN)
    article = only()
    assert "Empty: it stays." in as_sam.get(f"{HERE}/{article.id}").text
    assert made.location == f"{HERE}/{article.id}"
    assert (article.slug, article.tags, article.state) == ("set-up-mail", ["imap", "iphone"], "draft")
    assert client.get("/help/set-up-mail").status_code == 404

    as_sam.post(f"{HERE}/{article.id}/publication", data=sent(article, body="Better *words*."))

    assert "Better <em>words</em>." in client.get("/help/set-up-mail").text
    assert logged() == ["ARTICLE_CREATED", "ARTICLE_SAVED", "ARTICLE_PUBLISHED"]


def test_the_author_is_named_until_they_leave(as_sam, client, sam, tenant):
    as_sam.post(HERE, data=WRITTEN)
    as_sam.post(f"{HERE}/{only().id}/publication", data=sent(only()))

    assert f"{sam.name} · updated" in client.get("/help/set-up-mail").text
    assert client.get("/api/kb/articles/set-up-mail").json["author"] == sam.name
    sam.removed_at = clock.now()
    db.session().flush()
    assert f"{sam.name} · updated" not in client.get("/help/set-up-mail").text
    assert client.get("/api/kb/articles/set-up-mail").json["author"] == ""


def test_what_is_changed_later_is_seen_by_staff_alone_until_it_is_published(as_sam, as_mo, client, tenant):
    article = make_published()

    as_mo.post(f"{HERE}/{article.id}", data=sent(article, body="New words."))

    assert "New words" not in client.get(f"/help/{article.slug}").text
    desk = as_sam.get(f"{HERE}/{article.id}").text
    assert "Draft over a published one" in desk and "Publish changes" in desk
    assert "Publish changes" not in as_mo.get(f"{HERE}/{article.id}").text


def test_who_saves_an_older_text_is_told_and_loses_nothing(as_sam, as_mo, tenant):
    article = make_article()
    mine = sent(article, body="Mine <script>.")
    as_mo.post(f"{HERE}/{article.id}", data=sent(article, body="Theirs <img onerror=x>."))

    refused = as_sam.post(f"{HERE}/{article.id}", data=mine)

    assert refused.status_code == 409
    assert "Mine &lt;script&gt;." in refused.text and "Theirs &lt;img onerror=x&gt;." in refused.text
    assert only().body == "Theirs <img onerror=x>."
    again = mine | {"revision": re.search(r'name="revision"[^>]*value="(\d+)"', refused.text)[1]}
    assert as_sam.post(f"{HERE}/{article.id}", data=again).status_code == 303
    assert only().body == "Mine <script>."


def test_a_wrong_field_is_said_where_it_stands_and_what_was_typed_stays(as_sam, tenant):
    make_article("Other", slug="taken")

    answer = as_sam.post(HERE, data=WRITTEN | {"slug": "taken", "body": "Long work."})

    assert answer.status_code == 422
    assert "Another article has this address." in answer.text and "Long work." in answer.text
    for wrong in ({"title": ""}, {"slug": "Ä b"}, {"slug": "search"}, {"tags": ",".join(map(str, range(20)))},
                  {"title": "x" * 161}, {"summary": "x" * 301}, {"body": "x" * 100_001}):  # fmt: skip
        assert as_sam.post(HERE, data=WRITTEN | wrong).status_code == 422
    for wrong in ({"body": " "}, {"body": ">" * 21_000}):  # kept, but nothing that could be shown
        article = make_article("Empty")
        assert as_sam.post(f"{HERE}/{article.id}/publication", data=sent(article) | wrong).status_code == 422
        assert article.published_at is None


def test_of_two_who_want_one_address_at_once_the_later_is_told_and_loses_nothing(as_sam, tenant, monkeypatch):
    make_article("Mail")
    article = make_article("Other")
    monkeypatch.setattr(addresses, "_taken", lambda *_: set())  # nobody had it when it was looked for

    answers = [as_sam.post(HERE, data=WRITTEN | {"slug": "mail", "body": "Long work."}),
               as_sam.post(f"{HERE}/{article.id}", data=sent(article, slug="mail", body="Long work."))]  # fmt: skip

    for answer in answers:
        assert answer.status_code == 422
        assert "Another article has this address." in answer.text and "Long work." in answer.text
    stored = db.session().scalars(sa.select(Article).execution_options(populate_existing=True))
    assert {(one.slug, one.body, one.revision) for one in stored} == {("mail", BODY, 1), ("other", BODY, 1)}


def test_the_preview_shows_what_readers_would_see_and_keeps_nothing(as_mo, tenant):
    article = make_article()
    typed = sent(article, body="## New\n\n<script>alert(1)</script> [x](javascript:alert(1))")

    block = as_mo.post(
        f"{HERE}/{article.id}/preview", data=typed, headers={"HX-Request": "true", "HX-Target": "preview"}
    )
    whole = as_mo.post(f"{HERE}/preview", data=typed)

    assert block.text.strip().startswith('<div id="preview"') and ">New</h2>" in block.text
    assert "<script" not in block.text and 'href="javascript' not in block.text
    assert ">New</h2>" in whole.text and "<html" in whole.text
    assert only().body == BODY


def test_somebody_reads_over_and_sends_back(as_mo, as_sam, tenant):
    article = make_article()

    as_mo.post(f"{HERE}/{article.id}/review", data=sent(article))
    assert only().state == "review"
    assert article.title in as_sam.get(f"{HERE}?state=review").text
    as_sam.post(f"{HERE}/{article.id}/review/end")

    assert only().state == "draft"
    assert logged() == ["ARTICLE_CREATED", "ARTICLE_REVIEW_ASKED", "ARTICLE_SENT_BACK"]


def test_it_is_published_by_itself_in_the_tenants_time(as_sam, tenant, now):
    tenant.time_zone = "Europe/Berlin"
    article = make_article()

    as_sam.post(f"{HERE}/{article.id}/schedule", data=sent(article, publish_at="2026-11-20T15:00"))
    assert only().publish_at == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    assert "It will be published by itself" in as_sam.get(f"{HERE}/{article.id}").text
    assert (
        as_sam.post(f"{HERE}/{article.id}/schedule", data=sent(article, publish_at="2026-11-19T15:00")).status_code
        == 422
    )
    assert as_sam.post(f"{HERE}/{article.id}/schedule", data=sent(article)).status_code == 422
    as_sam.post(f"{HERE}/{article.id}/schedule/end")

    assert only().publish_at is None


def test_an_archived_article_is_found_by_nobody_and_can_be_taken_back(as_sam, client, tenant):
    article = make_published(tags=("imap",))

    as_sam.post(f"{HERE}/{article.id}/archiving")
    assert [client.get(path).status_code for path in (f"/help/{article.slug}", "/help/tags/imap")] == [404, 404]
    assert as_sam.post(f"{HERE}/{article.id}", data=sent(article, body="No.")).status_code == 409
    as_sam.post(f"{HERE}/{article.id}/taking-back")
    as_sam.post(f"{HERE}/{article.id}/publication", data=sent(only()))

    assert client.get(f"/help/{article.slug}").status_code == 200


def test_versions_say_what_was_changed_and_can_be_brought_back(as_sam, tenant, monkeypatch):
    article = make_article(body="One.\n\nTwo <b>.")
    service.save(article, Words(title="Other title", body="One.\n\nThree <i>."), seen=1)

    second = as_sam.get(f"{HERE}/{article.id}/versions/2").text
    assert '<del><span class="visually-hidden">gone: </span>Two &lt;b&gt;.</del>' in second
    assert '<ins><span class="visually-hidden">new: </span>Three &lt;i&gt;.</ins>' in second
    every = as_sam.get(f"{HERE}/{article.id}/versions").text
    assert every.count("Version ") >= 2 and "go further back" not in every
    monkeypatch.setattr(service, "MOST_VERSIONS", 1)
    newest = as_sam.get(f"{HERE}/{article.id}/versions").text
    assert "/versions/1" not in newest and "go further back" in newest
    assert as_sam.get(f"{HERE}/{article.id}/versions/9").status_code == 404
    as_sam.post(f"{HERE}/{article.id}/versions/1/restoring")

    assert (only().title, only().body, only().revision) == ("Set up mail on iPhone", "One.\n\nTwo <b>.", 3)
    newest = db.session().scalars(sa.select(Version).where(Version.revision == 3)).one()
    assert newest.restored_from == 1


def test_the_list_is_searched_narrowed_sorted_and_taken_out(as_sam, tenant, queries):
    topic = make_topic("E-mail")
    make_published(category_id=topic.id)
    make_article("Another <b>one</b>", tags=("special",))

    with queries(max=15):
        assert as_sam.get(HERE).text.count('<td class="first">') == 2
    for asked, title in (("q=iphon", "Set up mail"), ("state=published", "Set up mail"), (f"topic={topic.id}", "Set up"),
                         ("q=special", "Another &lt;b&gt;"), ("state=draft", "Another")):  # fmt: skip
        text = as_sam.get(f"{HERE}?{asked}").text
        assert title in text and text.count('<td class="first">') == 1
    rows = list(csv.DictReader(io.StringIO(as_sam.post(f"{HERE}/export", data={"as": "csv"}).text.lstrip("\ufeff"))))
    assert {row["state"] for row in rows} == {"draft", "published"}
    assert "Another" in as_sam.get("/admin/search?q=special").text


def test_topics_are_made_changed_and_let_go_once_empty(as_sam, client, tenant):
    form = {"name": "E-mail", "description": "Mailboxes", "icon": "mail", "position": "1"}
    assert as_sam.post(f"{HERE}/topics", data=form).status_code == 303
    topic = db.session().scalars(sa.select(Category)).one()
    article = make_published(category_id=topic.id)

    assert as_sam.post(f"{HERE}/topics", data=form | {"icon": "none"}).status_code == 422
    as_sam.post(f"{HERE}/topics/{topic.id}", data=form | {"name": "Mail <b>"})
    assert "Mail &lt;b&gt;" in client.get("/help").text
    assert client.get("/help/topics/e-mail").status_code == 200  # its address stays
    assert as_sam.post(f"{HERE}/topics/{topic.id}/deletion").status_code == 409
    service.save(article, Words(title="x", body="x"), seen=1)
    publishing.publish(article)
    assert as_sam.post(f"{HERE}/topics/{topic.id}/deletion").status_code == 303

    assert logged().count("TOPIC_DELETED") == 1


def test_figures_say_what_is_missing_and_what_has_grown_old(as_sam, tenant, now, queries):
    article = make_published()
    for number in range(4):
        votes.vote(article.id, voter=str(number), is_helpful=number == 0, comment="Which <port>?" if number else "")
    counting.note_search("dnssec <b>", found=False)
    counting.note_search("mail", found=True)
    counting.note_reading(article.id)
    buffer.flush()

    with queries(max=15):
        text = as_sam.get(f"{HERE}/figures").text
    assert "dnssec b" in text and "1 of 4 said yes" in text and "25 %" in text
    assert "Every article was published within a year." in text
    assert "Which &lt;port&gt;?" in as_sam.get(f"{HERE}/{article.id}").text
    db.session().scalars(sa.select(LivePage)).one().updated_at -= timedelta(days=400)
    db.session().flush()
    assert "Every article was published" not in as_sam.get(f"{HERE}/figures").text


def test_a_picture_is_kept_for_as_long_as_a_version_shows_it(as_sam, client, tenant):
    answer = as_sam.post("/admin/files", data={"file": (io.BytesIO(picture()), "port.png")})
    article = make_article(body=answer.json["markdown"])
    publishing.publish(article)
    service.save(article, Words(title="x", body="No picture."), seen=1)

    shown = client.get(f"/help/{article.slug}").text
    uses = db.session().scalars(sa.select(FileUse.used_by_type)).all()

    assert f'src="{answer.json["url"]}"' in shown and 'alt="port"' in shown
    assert client.get(answer.json["url"]).status_code == 200
    assert uses == ["kb_version"]


def test_a_member_changes_nothing_that_publishes_itself(as_mo, as_sam, now):
    article = make_article()
    service.save(article, Words(title=article.title, body="Read over."), seen=1)
    publishing.schedule(article, clock.now() + timedelta(hours=1))
    own = f"{HERE}/{article.id}"

    for part in ("", "/review", "/versions/1/restoring"):
        assert as_mo.post(own + part, data=sent(article, body="Not read over.")).status_code == 403
    change = {"title": "Other", "body": "Not read over.", "revision": 2}
    assert as_mo.put(f"/api/kb/admin/articles/{article.id}", json=change).status_code == 403
    page = as_mo.get(own).text
    assert f'formaction="{own}"' not in page and "an admin alone changes it" in page
    assert "restoring" not in as_mo.get(f"{own}/versions/1").text
    assert as_sam.post(own, data=sent(article, body="By an admin.")).status_code == 303
    assert only().body == "By an admin."


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_year_that_nobody_means_is_refused_in_words(as_sam, tenant, moment):
    article = make_article()
    for tenant.time_zone in ("Asia/Tokyo", "America/New_York"):
        db.session().flush()
        assert as_sam.post(f"{HERE}/{article.id}/schedule", data=sent(article, publish_at=moment)).status_code == 422
