"""Lists searched by the beginning of a number that thousands share: nothing that is found is left out."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.kernel import db, lists
from app.kernel.lists import Begins, Exact, Listing, Search, Sort, Words
from app.kernel.paging import BadCursor
from tests.kernel.test_lists import MANY, WORDS, plans_of

HOW_MANY = 6000


def listing(*, rises: bool) -> Listing:
    return Listing(
        name="keys",
        here="/keys",
        model=Customer,
        columns=(Customer.name, Customer.search_key, Customer.created_at),
        filters=(Exact("status", Customer.status),),
        search=Search("q", Begins(Customer.search_key, fold=str.lower, rises=rises), Words("customer", Customer.id)),
        sorts={
            "newest": Sort("Newest first", Customer.created_at, is_falling=True),
            "oldest": Sort("Oldest first", Customer.created_at),
            "name": Sort("By name", Customer.search_key),
        },
    )


RISING, OTHER = listing(rises=True), listing(rises=False)
pytestmark = pytest.mark.both_stores


@pytest.fixture
def thousands(tenant, connection, store, monkeypatch):
    """Six thousand customers, the later the greater their number: `a` and `b` by the half. Each is called `n`."""
    monkeypatch.setattr(lists, "ON_A_PAGE", 700)
    tell = sa.text(MANY[store].replace("100000", str(HOW_MANY)))
    connection.execute(tell.bindparams(sa.bindparam("tenant", type_=db.Id())), {"tenant": tenant.id})
    number = "printf('%05d', substr(name, 2))" if store == "sqlite" else "lpad(substr(name, 2), 5, '0')"
    half = f"CASE WHEN {number} <= '03000' THEN 'a' ELSE 'b' END"
    connection.execute(sa.text(f"UPDATE customers SET search_key = {half} || {number}"))
    connection.exec_driver_sql(WORDS.format(word="lower(name)"))
    for one in (RISING, OTHER):
        one._counts.clear()
    return tenant


def walk(of: Listing, **asked: str) -> list[tuple[str, ...]]:
    """All rows, page by page to the end, and that the way back shows the same."""
    pages, cursor = [], ""
    while True:
        found = of.page(of.read({**asked, "cursor": cursor}))
        pages.append(found.items)
        if not found.next_cursor:
            break
        cursor = found.next_cursor
    back = []
    while found.previous_cursor:
        found = of.page(of.read({**asked, "cursor": found.previous_cursor}))
        back.append(found.items)
    assert back == pages[-2::-1]
    return [row for page in pages for row in page]


@pytest.mark.parametrize("of", [RISING, OTHER], ids=["rising", "other"])
@pytest.mark.parametrize("sort", list(RISING.sorts))
def test_pages_and_exports_of_numbers_by_the_thousand_are_whole_and_in_order(thousands, of, sort):
    asked = of.read({"q": "A", "sort": sort})
    rows = walk(of, q="A", sort=sort)

    assert str(of.count(asked)) == "more than 1,000"
    assert [row[1] for row in rows] == sorted((f"a{n:05}" for n in range(1, 3001)), reverse=sort == "newest")
    assert list(of.export(asked, tenant_id=thousands.id)) == rows


def test_the_foot_says_when_a_list_is_shown_by_number(thousands):
    def said(of: Listing, **given: str) -> str:
        asked = of.read(given)
        return lists.foot(asked, of.page(asked), of.count(asked), "key").text

    assert said(RISING, q="a") == "700 of more than 1,000 keys, the greatest numbers first"
    assert said(RISING, q="a", sort="oldest") == "700 of more than 1,000 keys, the smallest numbers first"
    for text in (said(OTHER, q="a"), said(RISING, q="a", sort="name"), said(RISING, q="a0001"), said(RISING)):
        assert "numbers" not in text


def test_a_list_goes_on_in_the_order_it_began_in_though_numbers_become_few(thousands, connection):
    first = RISING.page(RISING.read({"q": "a"}))
    connection.exec_driver_sql("DELETE FROM search_terms")
    connection.exec_driver_sql("DELETE FROM customers WHERE search_key < 'a01500'")
    following = RISING.page(RISING.read({"q": "a", "cursor": first.next_cursor}))

    assert [row[1] for row in following.items] == [f"a{n:05}" for n in range(2300, 1600, -1)]
    with pytest.raises(BadCursor):
        RISING.page(RISING.read({"q": "zzz", "cursor": first.next_cursor}))


def test_filters_narrow_numbers_by_the_thousand_and_are_counted(thousands, connection):
    connection.exec_driver_sql("UPDATE customers SET status = 'active' WHERE search_key >= 'b04000'")
    for of in (RISING, OTHER):
        asked = of.read({"q": "a", "status": "closed"})
        assert [row[1] for row in walk(of, q="a", status="closed")] == [f"a{n:05}" for n in range(3000, 0, -100)]
        assert str(of.count(asked)) == "30"
        assert len(list(of.export(asked, tenant_id=thousands.id))) == 30
        assert len(walk(of, q="a", status="active")) == 2970
        assert str(of.count(of.read({"q": "a", "status": "active"}))) == "more than 1,000"
        assert str(of.count(of.read({"q": "zzz", "status": "active"}))) == "0"


def test_what_is_a_common_word_and_the_beginning_of_numbers_is_counted_and_shown_whole(thousands, connection):
    connection.exec_driver_sql(WORDS.format(word="'a'") + " WHERE search_key >= 'b'")
    for of in (RISING, OTHER):
        asked = of.read({"q": "a", "status": "closed"})
        assert str(of.count(asked)) == "60"
        assert len(walk(of, q="a", status="closed")) == 60
        assert len(walk(of, q="a")) == len(list(of.export(of.read({"q": "a"}), tenant_id=thousands.id))) == HOW_MANY
        few = of.read({"q": "a0299"})
        assert str(of.count(few)) == "10"


def test_a_common_word_that_begins_few_numbers_finds_both(thousands, connection):
    connection.exec_driver_sql(WORDS.format(word="'a0299'") + " WHERE search_key >= 'b'")
    asked = RISING.read({"q": "a0299", "status": "closed"})

    assert str(RISING.count(asked)) == "30"
    assert len(walk(RISING, q="a0299")) == 3010


def test_numbers_by_the_thousand_are_a_range_of_their_index(thousands, connection, store):
    connection.exec_driver_sql("ANALYZE")
    for given in ({"q": "a"}, {"q": "a", "status": "active"}):
        with plans_of(connection, store) as plans:
            assert RISING.page(RISING.read(given)).items
            assert RISING.count(RISING.read(given)).is_more
        assert any("ix_customers_search" in plan and "TEMP B-TREE" not in plan for plan in plans), plans
        assert not [plan for plan in plans if "SCAN customers" in plan or "Sort Key: customers.created_at" in plan]
