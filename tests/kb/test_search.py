"""What the help centre's search finds: the same on both stores."""

from itertools import product

import pytest
import sqlalchemy as sa

from app.features.kb import finding, index, publishing, service, spelling, words
from app.features.kb.models import KnownWord, LivePage, Trigram
from app.features.kb.service import Words
from app.kernel import db, tenancy
from tests.kb.factories import make_article, make_published, make_topic

pytestmark = pytest.mark.both_stores


def titles(question: str, **how: object) -> list[str]:
    return ["".join(piece for piece, _ in hit.title) for hit in finding.search(question, **how).hits]  # type: ignore[arg-type]


def marked(pieces: finding.Pieces) -> list[str]:
    return [piece for piece, is_hit in pieces if is_hit]


def test_the_title_counts_more_than_tags_and_tags_more_than_the_text(store, tenant):
    make_published("Backups", "Nothing of it here.", tags=("wordpress",))
    make_published("Uploads", "For wordpress and others.")
    make_published("WordPress on our servers", "Nothing of it here.")

    assert titles("wordpress") == ["WordPress on our servers", "Backups", "Uploads"]


def test_all_words_must_be_there_wherever_they_stand(store, tenant):
    make_published("Mail on phones", "For every iPhone.")
    make_published("Mail on computers", "For Thunderbird.")

    assert titles("mail iphone") == ["Mail on phones"]
    assert titles("mail nothing") == []


def test_the_beginning_of_a_word_is_enough_and_the_whole_word_comes_first(store, tenant):
    make_published("The php version", "Choose it.")
    make_published("phpMyAdmin", "Open it.")

    assert titles("phpm") == ["phpMyAdmin"]
    assert titles("php") == ["The php version", "phpMyAdmin"]


def test_words_that_say_nothing_are_left_out(store, tenant):
    make_published("Point a domain to your hosting", "Name servers.")

    assert titles("how do I point my domain to you?") == ["Point a domain to your hosting"]


def test_a_mistyped_word_finds_what_was_meant_and_says_so(store, tenant):
    make_published("WordPress on our servers", "Install it.")

    for typed in ("wordpess", "worpdress", "wordprees", "Wordpresss"):
        found = finding.search(f"install {typed}")
        assert [hit.slug for hit in found.hits] == ["wordpress-on-our-servers"]
        assert found.corrected == "install wordpress"


def test_what_nobody_wrote_of_is_not_guessed(store, tenant):
    make_published("WordPress on our servers", "Install it.")

    assert finding.search("kubernetes").hits == []
    assert finding.search("kubernetes").corrected == ""


def test_accents_and_case_make_no_difference(store, tenant):
    make_published("Überweisung und ČEZ", "Straße nach Łódź.")

    assert titles("uberweisung") == titles("ÜBERWEISUNG") == titles("cez") == ["Überweisung und ČEZ"]
    assert titles("strasse") == ["Überweisung und ČEZ"]


def test_other_scripts_are_found_too(store, tenant):
    make_published("Настройка почты", "Введите пароль.")
    make_published("メール設定", "パスワード")

    assert titles("почт") == ["Настройка почты"]
    assert titles("メール") == ["メール設定"]


def test_nothing_but_published_words_is_found(store, tenant):
    draft = make_article("Secret plans", "Not yet.")
    article = make_published("Quotas", "Ten gigabytes.")
    service.save(article, Words(title="Quotas", body="Twenty petabytes."), seen=article.revision)

    assert titles("secret") == titles("petabytes") == []
    publishing.publish(article)
    assert (titles("petabytes"), titles("gigabytes")) == (["Quotas"], [])
    publishing.publish(draft)
    publishing.archive(draft)
    assert titles("secret") == []


def test_words_that_nobody_uses_any_more_are_no_guess(store, tenant):
    article = make_published("Quotas", "Ten gigabytes.")
    make_published("More quotas", "Five.")
    service.save(article, Words(title="Quotas", body="None."), seen=article.revision)
    publishing.publish(article)

    assert finding.search("gigabites").hits == []
    assert db.session().scalars(sa.select(KnownWord.word).where(KnownWord.word == "gigabytes")).all() == []
    assert db.session().scalars(sa.select(Trigram.word).where(Trigram.word == "gigabytes")).all() == []
    assert db.session().scalar(sa.select(KnownWord.pages).where(KnownWord.word == "quotas")) == 2


def test_topic_and_tag_narrow_it(store, tenant):
    topic = make_topic("E-mail")
    make_published("Mail one", category_id=topic.id, tags=("imap",))
    make_published("Mail two", tags=("Imap",))
    make_published("Mail three")

    assert titles("mail", category_id=topic.id) == ["Mail one"]
    assert sorted(titles("mail", tag="imap")) == ["Mail one", "Mail two"]
    assert titles("mail", tag="imap", category_id=topic.id) == ["Mail one"]


def test_snippets_are_cut_round_the_word_and_say_where_it_is(store, tenant):
    make_published("Records", "Long ago. " * 60 + "Then set the **SPF** record & <b>wait</b>. " + "The end. " * 60)

    (hit,) = finding.search("spf").hits

    assert marked(hit.snippet) == ["SPF"]
    text = "".join(piece for piece, _ in hit.snippet)
    assert text.startswith("… ") and text.endswith(" …") and "record & <b>wait</b>" in text and len(text) < 200


STRANGE = [
    "'", '")', "--", ";", "(CASE WHEN 1=1", "id)", "a & | !", ":*", "<->", "NEAR(", '"', "*", "%", "_", "a\0b", "\ud800",
    "{title} : x", "-title", "title:", "AND OR NOT", "😀", "a" * 100_000, "a " * 50_000, "\u202e", "'':*", "\\", "$$",
    "tenant : x", "^mail", "mail + x", "ﬁ", "\u0301", "1e5", "1.2.3", "a'b\\'c",
]  # fmt: skip


def test_no_question_is_understood_as_anything_but_words(store, tenant):
    make_published("Mail", "Words.")

    for typed in STRANGE:
        found = finding.search(typed)
        assert len(found.text) <= words.LONGEST_QUESTION
        assert found.hits == [] or marked(found.hits[0].title + found.hits[0].snippet) != [], typed[:50]


def test_another_tenants_articles_and_words_are_never_found(store, tenant, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        make_published("Secret harvest", "Only here.")

    assert finding.search("secret").hits == []
    assert finding.search("secert").corrected == ""
    assert finding.search(other_tenant.id.hex).hits == []
    with tenancy.as_tenant(other_tenant.id):
        assert titles("secert") == ["Secret harvest"]


def test_at_most_the_newest_are_ranked(store, tenant, monkeypatch):
    monkeypatch.setattr(index, "RANKED", 3)
    for number in range(5):
        make_published(f"Number {number}", "The same words.")

    found = finding.search("same")

    assert found.total == 3
    assert titles("Number 0") == ["Number 0"]


def test_equal_ones_stand_by_how_often_they_are_read(store, tenant):
    make_published("Mail one", "Same.")
    make_published("Mail two", "Same.")
    page = db.session().scalars(sa.select(LivePage).where(LivePage.title == "Mail one")).one()
    page.views = 5
    db.session().flush()

    assert titles("mail") == ["Mail one", "Mail two"]


def test_a_search_asks_the_store_four_times_at_most(store, tenant, queries):
    for number in range(30):
        make_published(f"Mail {number}", "Words.")

    with queries(max=2):
        assert finding.search("mail").total == 30
    with queries(max=6):
        assert len(finding.search("maill").hits) == 20


def test_words_are_near_by_letters_left_out_added_changed_or_swapped():
    assert [spelling.distance("mail", other) for other in ("mail", "mal", "maill", "mall", "mial", "boat")] == [
        0, 1, 1, 1, 1, 4,
    ]  # fmt: skip


def test_an_article_of_more_words_than_a_row_of_the_index_holds_is_found_by_its_first_ones(store, tenant):
    """`㌖` is one letter as it is written and six in the index: 1.3 MB of 98,000 letters."""
    parts = product("abcdefghijklmnopqrstuvwxyz", repeat=3)
    made_to_swell = " ".join("".join(next(parts)) + "\u3316" * 10 for _ in range(7_000))

    make_published("Swollen", f"zwieback {made_to_swell}")

    assert titles("zwieback") == ["Swollen"]
    assert titles("aaa") == ["Swollen"]


@pytest.mark.only_store("postgresql")
def test_one_tenants_articles_are_found_in_the_index_alone_though_others_rows_are_hidden(store, tenant):
    """PostgreSQL uses no GIN index beside a condition of row-level security: then every article would be read."""
    make_published("Mail", "Words.")
    session = db.session()
    for setting in ("enable_seqscan", "enable_indexscan"):
        session.execute(tenancy.named(sa.text(f"SET LOCAL {setting} = off"), "test"))

    asked = f"'{index.mark()}mail':*"
    explained = sa.text("EXPLAIN SELECT number FROM kb_search WHERE words @@ CAST(:asked AS tsquery)")
    plan = "\n".join(session.scalars(tenancy.named(explained, "test"), {"asked": asked}))

    assert "ix_kb_search_words" in plan


def test_nobody_writes_into_another_tenants_part_of_the_index(store, tenant, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        article = make_published("Secret harvest", "Only here.")
        number = db.session().scalar(sa.select(LivePage.number).where(LivePage.article_id == article.id))

    assert number is not None
    index.drop(number)

    with tenancy.as_tenant(other_tenant.id):
        assert titles("harvest") == ["Secret harvest"]
    if store == "postgresql":
        others = sa.text("DELETE FROM kb_search WHERE number = :number RETURNING number")
        assert db.session().execute(tenancy.named(others, "test"), {"number": number}).all() == []


def test_words_that_the_release_before_wrote_during_an_upgrade_are_found_after_the_nightly_tidying(store, tenant):
    article = make_published("Mail on phones", "For every iPhone.")
    make_published("Mail on computers", "For Thunderbird.")
    if db.is_postgresql():  # there it wrote them without the mark of their tenant
        bare = "array_to_tsvector(array['mail', 'on', 'phones', 'iphone'])"
        number = db.session().scalar(sa.select(LivePage.number).where(LivePage.article_id == article.id))
        changed = sa.text(
            f"UPDATE kb_search SET words = {bare}, heads = {bare}, title = {bare} WHERE number = {number}"
        )
        db.session().execute(tenancy.named(changed, "one row of this tenant"))
        assert titles("iphone") == []
    else:  # and here without the index of titles and tags
        gone = sa.text("DELETE FROM kb_search_heads WHERE rowid = (SELECT min(rowid) FROM kb_search_heads)")
        db.session().execute(tenancy.named(gone, "one row of this tenant"))

    assert publishing.mend() == 1

    assert titles("iphone") == ["Mail on phones"]
    assert titles("thunderbird") == ["Mail on computers"]
    assert publishing.mend() == 0


@pytest.mark.only_store("sqlite")
def test_pages_are_read_by_what_was_found_where_nobody_ran_analyze(store, tenant):
    make_published("Mail on phones", "For every iPhone.")
    asked = {"words_1": "x", "heads_1": "x", "title_1": "x", "title_0": "x", "most": 1000, "limit": 20, "offset": 0}
    told = sa.text(f"EXPLAIN QUERY PLAN {index._ranking('sqlite', False, False).element.text}")

    plan = [row.detail for row in db.session().execute(tenancy.named(told, "a plan"), asked | {"tenant": b"x"})]

    read = [step.partition("(")[2] for step in plan if step.startswith("SEARCH") and "page" in step]
    assert read == ["number=? AND tenant_id=?)", "tenant_id=? AND id=?)"], plan
