"""The words that records are found by."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from app.features.accounts import service
from app.kernel import db, tenancy, terms
from app.kernel.ids import new_id
from app.kernel.searching import record_ids
from app.kernel.terms import SearchTerm, keep, words_in, words_of
from tests.kernel.houses import a_house
from tests.support import stores as schema


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("Alder & Finch Bakery Ltd.",), ["alder", "finch", "bakery", "ltd"]),
        (("Ann.Wren@Mail.example",), ["ann.wren@mail.example", "ann", "wren", "mail", "example"]),
        (("Jürgen GROẞ", "Łódź", "ﬁn"), ["jurgen", "gross", "łodz", "fin"]),
        (("李 小龙", "  ", "", "__", "'; --"), ["李", "小龙"]),
        (("same Same SAME",), ["same"]),
        (("x" * 500,), ["x" * 64]),
    ],
)
def test_words_are_without_case_and_accents(texts, words):
    assert words_of(texts) == words


def test_a_record_has_so_many_words_and_a_question_fewer():
    assert len(words_of([" ".join(f"w{n}" for n in range(500))])) == terms.MOST_OF_A_RECORD
    assert len(words_in(" ".join(f"w{n}" for n in range(500)))) == terms.MOST_ASKED


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Ann", ["ann"]),
        ("ann annabel", ["annabel"]),
        ("a@b.example", ["a@b.example"]),
        ("al-der", ["al", "der"]),
        ("@", []),
        ("%_'", []),
    ],
)
def test_what_somebody_looks_for_is_read_alike(question, words):
    assert words_in(question) == words


@pytest.mark.both_stores
def test_words_follow_their_record(tenant):
    record = new_id()
    keep("customer", record, ["Alder Bakery"])
    keep("customer", record, ["Alder Books"])

    assert record_ids("customer", "alder") == record_ids("customer", "boo") == [record]
    assert record_ids("customer", "bakery") == record_ids("user", "alder") == []
    keep("customer", record, [])
    assert record_ids("customer", "alder") == []


@pytest.mark.both_stores
def test_a_range_of_words_ends_where_it_should_in_every_alphabet(tenant):
    made = {word: new_id() for word in ("ab", "abc", "abz", "ac", "ab\U0010fffd", "äb", "b", "ab1")}
    for word, record in made.items():
        keep("customer", record, [word])

    assert set(record_ids("customer", "ab")) == {
        made[word] for word in ("ab", "abc", "abz", "äb", "ab1", "ab\U0010fffd")
    }


@pytest.mark.both_stores
def test_another_tenants_words_are_neither_read_nor_written(tenant, other_tenant):
    record = new_id()
    with tenancy.as_tenant(other_tenant.id):
        keep("customer", record, ["Foreign"])

    assert record_ids("customer", "foreign") == []
    keep("customer", record, [])
    with pytest.raises(tenancy.ForeignTenant):
        terms.insert(terms.rows("customer", new_id(), ["x"], tenant_id=other_tenant.id))
    with pytest.raises(tenancy.UnnamedStatement):
        db.session().execute(sa.select(SearchTerm.__table__.c.word))
    with tenancy.as_tenant(other_tenant.id):
        assert record_ids("customer", "foreign") == [record]


@pytest.mark.only_store("postgresql")
def test_row_security_hides_another_tenants_words_from_a_statement_that_forgot(tenant, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        keep("customer", new_id(), ["Foreign"])
    careless = tenancy.named(sa.select(sa.func.count()).select_from(SearchTerm.__table__), "forgets the tenant")

    assert db.session().execute(careless).scalar_one() == 0


def every_word() -> set[tuple[object, ...]]:
    with tenancy.across_tenants("operator"), db.transaction(write=False) as session:
        return {tuple(row) for row in session.execute(tenancy.named(sa.select(SearchTerm.__table__), "a test"))}


@pytest.mark.both_stores
def test_the_migration_finds_the_words_of_all_who_are_there_and_can_be_undone(fresh_engine):
    for house in (a_house("north"), a_house("south")):
        with tenancy.as_tenant(house.tenant), db.transaction():
            for number in range(3):
                service.register(
                    email=f"jm{number}@mail.example", first_name="Jürgen", last_name="Müller", company="Alder Ltd"
                )
    config = Config(schema.ROOT / "migrations" / "alembic.ini")
    config.attributes["engine"] = fresh_engine
    known = every_word()

    command.downgrade(config, "0004")
    with fresh_engine.connect() as connection:
        assert "search_terms" not in sa.inspect(connection).get_table_names()
    command.upgrade(config, "head")

    assert every_word() >= known
    assert len({row for row in every_word() if row[3] == "muller"}) == 12
    assert schema.drift(str(fresh_engine.url.render_as_string(hide_password=False))) == []
