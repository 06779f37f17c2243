"""Articles: their addresses, who hears of them, and what happens by itself."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.kb import counting, finding, publishing, service, tasks, votes
from app.features.kb.models import Article, LivePage, SearchDay, Vote
from app.features.kb.service import Words
from app.features.privacy import erasing
from app.features.webhooks import service as webhooks
from app.features.webhooks.models import WebhookDelivery
from app.kernel import buffer, clock, db, schedule, tenancy
from app.kernel.errors import Invalid
from tests.kb.factories import make_article, make_published, make_topic


def test_addresses_are_made_of_titles_and_nobody_has_the_same(tenant):
    titles = (
        "Überweisung – so geht’s!",
        "uberweisung so gehts",
        "Überweisung so geht s",
        "Straße",
        "メール",
        "😀",
        "--",
        "a" * 160,
    )

    slugs = [make_article(title).slug for title in titles]

    assert slugs == ["uberweisung-so-gehts", "uberweisung-so-gehts-2", "uberweisung-so-geht-s", "strasse", "article",
                     "article-2", "article-3", "a" * 80]  # fmt: skip
    assert make_article("Search").slug == "search-2"


def test_an_address_that_readers_know_is_given_to_nobody_else(tenant):
    article = make_published("Mail")
    service.save(article, Words(title="Mail", body="x", slug="post"), seen=1)

    with pytest.raises(Invalid):
        service.create(Words(title="Other", slug="mail"))
    publishing.publish(article)
    assert service.create(Words(title="Other", slug="mail")).slug == "mail"


def test_an_address_from_before_the_present_rule_stays_when_the_article_is_saved(tenant):
    article = make_article("Mail")
    article.slug = "m" * 100
    db.session().flush()

    for slug in ("", "m" * 100):
        service.save(article, Words(title=f"Mail {slug[:1]}", slug=slug), seen=article.revision)
        assert article.slug == "m" * 100
    for refused in ("n" * 81, "a--b", str(article.id)):
        with pytest.raises(Invalid) as refusal:
            service.save(article, Words(title="Mail", slug=refused), seen=article.revision)
        assert list(refusal.value.fields) == ["slug"]


def test_topics_of_one_name_have_addresses_of_their_own(tenant):
    assert [make_topic("E-mail").slug for _ in range(3)] == ["e-mail", "e-mail-2", "e-mail-3"]
    assert make_topic("メール").slug == "topic"


def test_publishing_is_told_to_who_listens(tenant):
    webhooks.create("Site", "https://site.example.com/hooks", events=["article.published"])

    make_published("Mail")

    (delivery,) = db.session().scalars(sa.select(WebhookDelivery))
    assert delivery.event == "article.published"


def test_what_is_due_is_published_by_the_worker_and_nothing_else(tenant, other_tenant, now):
    soon, later, broken = make_article("Soon"), make_article("Later"), make_article("Broken", ">" * 21_000)
    with tenancy.as_tenant(other_tenant.id):
        theirs = make_article("Theirs")
        publishing.schedule(theirs, clock.now() + timedelta(minutes=5))
    for article, minutes in ((soon, 5), (broken, 4), (later, 60)):
        publishing.schedule(article, clock.now() + timedelta(minutes=minutes))
    now.shift(timedelta(minutes=6))

    assert schedule.perform(schedule.claim_now("kb.publish")) == "done"

    rows = db.session().execute(sa.select(Article.title, Article.state, Article.publish_at)).all()
    states = {title: (state, at is None) for title, state, at in rows}
    assert states == {"Soon": ("published", True), "Later": ("draft", False), "Broken": ("draft", True)}
    assert [hit.slug for hit in finding.search("soon").hits] == ["soon"]
    with tenancy.as_tenant(other_tenant.id):
        assert [hit.slug for hit in finding.search("theirs").hits] == ["theirs"]


def test_the_night_lets_go_of_old_days(tenant, now):
    counting.note_search("old words", found=False)
    buffer.flush()
    now.shift(timedelta(days=401))

    tasks.tidy()

    assert db.session().scalars(sa.select(SearchDay)).all() == []


def test_what_is_looked_for_without_end_is_not_kept_without_end(tenant, monkeypatch):
    monkeypatch.setattr(counting, "MOST_A_DAY", 3)
    for number in range(3):
        counting.note_search(f"words {number}", found=False)
    buffer.flush()
    for number in range(10):
        counting.note_search(f"more {number}", found=False)
    buffer.flush()

    assert len(db.session().scalars(sa.select(SearchDay)).all()) == 3


def test_erasing_a_person_leaves_their_vote_and_none_of_their_words(tenant, alice):
    article = make_published()
    votes.vote(article.id, voter="x", is_helpful=False, comment="I am Alice.", user_id=alice.id)

    erasing.erase_person(alice.id)

    vote = db.session().scalars(sa.select(Vote).execution_options(populate_existing=True)).one()
    assert (vote.comment, vote.user_id, vote.is_helpful) == ("", None, False)


def test_archiving_twice_and_publishing_again_keeps_views_and_votes(tenant):
    article = make_published()
    votes.vote(article.id, voter="x", is_helpful=True)

    publishing.archive(article)
    publishing.archive(article)
    publishing.take_back(article)
    publishing.publish(article)

    page = db.session().scalars(sa.select(LivePage)).one()
    assert (page.yes_votes, page.number is not None) == (1, True)


def test_an_article_whose_publishing_fails_stops_no_other(tenant, now):
    readable = make_published("Readable")
    stuck, fine = make_article("Stuck"), make_article("Fine")
    for article, minutes in ((stuck, 1), (fine, 2)):
        publishing.schedule(article, clock.now() + timedelta(minutes=minutes))
    clash = sa.update(LivePage).where(LivePage.article_id == readable.id).values(slug=stuck.slug)
    db.session().execute(clash)
    now.shift(timedelta(minutes=5))

    assert schedule.perform(schedule.claim_now("kb.publish")) == "failed"

    assert dict(db.session().execute(sa.select(Article.title, Article.state)).all())["Fine"] == "published"
