"""Who is told of a review: those who may publish, then those who wrote; each once, in the brand's words."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.branding import service as branding
from app.features.kb import publishing, service
from app.features.kb.models import Article
from app.features.kb.service import Words
from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.kernel import clock, db
from app.kernel.access import Actor, Role, acting
from tests.kb.factories import BODY, make_article
from tests.support.cast import make_staff


@pytest.fixture
def mary(tenant) -> User:
    """Staff, MEMBER: she writes, and may not publish."""
    return make_staff("mary@harbourline.example", "Mary", Role.MEMBER)


def written_by(user: User, title: str = "Set up mail on iPhone") -> Article:
    """A draft."""
    with acting(Actor(user.id, name=user.name)):
        return make_article(title)


def mails(template):
    """Who was told by this template, and what."""
    rows = db.session().scalars(
        sa.select(EmailMessage).where(EmailMessage.template == template).order_by(EmailMessage.to_address)
    )
    return [(row.to_address, rendering.draw(row)) for row in rows]


def send_to_review(client, article):
    """As the button of the desk does."""
    said = {
        "title": article.title,
        "body": article.body,
        "slug": article.slug,
        "category": "",
        "revision": article.revision,
    }
    return client.post(f"/admin/kb/{article.id}/review", data=said)


@pytest.mark.both_stores
def test_those_who_may_publish_are_asked_once_each_and_nobody_else(sign_in, mary, sam, olive, alice, other_tenant):
    branding.install_defaults(other_tenant)
    make_staff("gone@harbourline.example", "Gone", Role.ADMIN).disabled_at = clock.now()
    make_staff("bill@harbourline.example", "Bill", Role.BILLING)
    article = written_by(mary)
    as_mary = sign_in(mary)

    assert send_to_review(as_mary, article).status_code == 303
    send_to_review(as_mary, article)

    asked = mails("article_review_asked")
    assert [address for address, _ in asked] == ["olive@harbourline.example", "sam@harbourline.example"]
    draft = asked[0][1]
    assert draft.subject == "To be read over: Set up mail on iPhone"
    for said in (draft.html, draft.text):
        assert "Mary" in said and f"http://127.0.0.1:2271/admin/kb/{article.id}" in said
        assert draft.brand.name in said


def test_an_admin_who_asks_for_a_review_of_their_own_words_is_not_asked(as_sam, sam, olive):
    article = written_by(sam)

    send_to_review(as_sam, article)

    assert [address for address, _ in mails("article_review_asked")] == ["olive@harbourline.example"]


@pytest.mark.both_stores
def test_the_author_is_told_what_is_missing_and_reads_it_at_the_desk(sign_in, as_sam, mary, sam):
    article, as_mary = written_by(mary), sign_in(mary)
    send_to_review(as_mary, article)

    as_sam.post(f"/admin/kb/{article.id}/review/end", data={"note": "Name the <server>.\n\nAnd the port."})
    as_sam.post(f"/admin/kb/{article.id}/review/end", data={"note": "Twice"})

    ((address, draft),) = mails("article_sent_back")
    assert (address, draft.subject) == ("mary@harbourline.example", "Sent back: Set up mail on iPhone")
    assert "Sam" in draft.text and "Name the <server>.\n\nAnd the port." in draft.text
    assert "Name the &lt;server&gt;." in draft.html and "<server>" not in draft.html
    desk = as_mary.get(f"/admin/kb/{article.id}").text
    assert "sent it back." in desk and "Name the &lt;server&gt;." in desk
    send_to_review(as_mary, article)
    assert len(mails("article_review_asked")) == 2, "another round asks once more"


def test_too_long_a_word_is_refused_at_the_field_and_nothing_is_sent(as_sam, mary):
    article = written_by(mary)
    service.ask_review(article)

    answer = as_sam.post(f"/admin/kb/{article.id}/review/end", data={"note": "x" * 1001})

    assert answer.status_code == 422 and "x" * 1001 in answer.text
    assert article.state == "review" and mails("article_sent_back") == []


@pytest.mark.both_stores
def test_those_who_wrote_are_told_that_it_is_published(as_sam, sam, mary, olive):
    article = written_by(mary)
    with acting(Actor(olive.id, name="Olive")):
        service.save(article, Words(title=article.title, body=f"{BODY}\n\nMore."), seen=1)
    service.ask_review(article)
    with acting(Actor(sam.id, name="Sam")):
        publishing.publish(article)
        publishing.publish(article)

    told = mails("article_published")
    assert [address for address, _ in told] == ["mary@harbourline.example", "olive@harbourline.example"]
    assert told[0][1].subject == "Published: Set up mail on iPhone"
    assert "http://127.0.0.1:2271/help/set-up-mail-on-iphone" in told[0][1].text


def test_what_was_in_review_and_publishes_itself_is_told_too(as_sam, mary, sam, now):
    article = written_by(mary)
    service.ask_review(article)
    publishing.schedule(article, clock.now() + timedelta(hours=1))
    db.session().flush()
    now.shift(timedelta(hours=2))

    publishing.publish_due(article.id, clock.now())

    assert [address for address, _ in mails("article_published")] == ["mary@harbourline.example"]


def test_who_publishes_without_a_review_hears_nothing(mary, sam):
    article = written_by(mary)
    with acting(Actor(sam.id, name="Sam")):
        publishing.publish(article)

    assert mails("article_published") == []


def test_whoever_left_is_not_written_to(mary, sam):
    article = written_by(mary)
    service.ask_review(article)
    mary.disabled_at = clock.now()

    service.send_back(article, "More, please.")

    assert mails("article_sent_back") == []
