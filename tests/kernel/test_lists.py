"""Lists: cursors, orders, filters, counts and searches, on both stores, among a hundred thousand rows too."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts.customers import CUSTOMERS, Line
from app.features.accounts.models import STATUSES, Customer, User
from app.kernel import cursors, db, lists, searching, tenancy
from app.kernel.cursors import Edge
from app.kernel.ids import new_id
from app.kernel.lists import NOW, Begins, Choice, Exact, Given, Join, Listing, Search, Since, Sort, Until, Words
from app.kernel.paging import BadCursor
from tests.accounts.factories import make_customer

PEOPLE = Listing(
    name="people",
    here="/people",
    model=User,
    columns=(User.email, Customer.name, Customer.country),
    joins=(Join(Customer, Customer.id == User.customer_id),),
    of=User.customer_id,
    filters=(
        Exact("role", User.customer_role),
        Exact("customer", User.customer_id),
        Since("from", User.created_at),
        Until("to", User.created_at),
        Given("before_now", User.created_at < NOW),
        Choice("state", {"never": User.last_sign_in_at.is_(None), "seen": User.last_sign_in_at.is_not(None)}),
    ),
    search=Search("q", Begins(Customer.search_key, fold=str.lower), Words("customer", User.customer_id)),
    sorts={"newest": Sort("Newest first", User.created_at, is_falling=True)},
)
pytestmark = pytest.mark.both_stores

MANY = {
    "sqlite": """INSERT INTO customers (id, tenant_id, created_at, name, email, phone, company, address_line, city, region,
        postal_code, country, currency, tax_number, credit_minor, status, marketing_source, utm_campaign, utm_source,
        utm_medium, utm_content, utm_term, search_key)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        SELECT randomblob(16), :tenant, datetime('2020-01-01', i || ' minutes') || '.000000', 'N' || i, 'n@example.com', '', '',
        '', '', '', '', 'GB', 'USD', '', 0, CASE WHEN i % 100 THEN 'active' ELSE 'closed' END, 'web', '', '', '', '', '',
        'key ' || (i * 7919 % 100003) FROM n""",
    "postgresql": """INSERT INTO customers (id, tenant_id, created_at, name, email, phone, company, address_line, city, region,
        postal_code, country, currency, tax_number, credit_minor, status, marketing_source, utm_campaign, utm_source,
        utm_medium, utm_content, utm_term, search_key)
        SELECT gen_random_uuid(), :tenant, timestamptz '2020-01-01' + i * interval '1 minute', 'N' || i, 'n@example.com', '',
        '', '', '', '', '', 'GB', 'USD', '', 0, CASE WHEN i % 100 > 0 THEN 'active' ELSE 'closed' END, 'web', '', '', '', '',
        '', 'key ' || (i * 7919 % 100003) FROM generate_series(1, 100000) AS i""",
}
WORDS = "INSERT INTO search_terms (tenant_id, kind, record_id, word) SELECT tenant_id, 'customer', id, {word} FROM customers"


@pytest.fixture
def many(tenant, connection, store):
    """A hundred thousand customers; each found by `n` and its number, and by `often`."""
    tell = sa.text(MANY[store]).bindparams(sa.bindparam("tenant", type_=db.Id()))
    connection.execute(tell, {"tenant": tenant.id})
    for word in ("lower(name)", "'often'"):
        connection.exec_driver_sql(WORDS.format(word=word))
    connection.exec_driver_sql("ANALYZE")
    return tenant


@contextmanager
def plans_of(connection, store):
    """The plans of what is read within, as one text each."""
    seen, found = [], []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.lstrip().startswith(("SELECT", "WITH")) and "set_config" not in statement:
            seen.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if store == "sqlite" else "EXPLAIN "
    for statement, parameters in seen:
        rows = connection.exec_driver_sql(explain + statement, parameters)
        found.append("\n".join(str(row[-1]) for row in rows))


def page(listing=CUSTOMERS, of=None, **asked):
    return listing.page(listing.read(asked), of=of)


def names(found) -> list[str]:
    return [line.name for line in found.items]


@pytest.mark.parametrize("sort", list(CUSTOMERS.sorts))
def test_every_row_is_shown_once_there_and_back_though_values_are_alike(tenant, monkeypatch, sort):
    monkeypatch.setattr(lists, "ON_A_PAGE", 4)
    made = {make_customer("Same Name").id for _ in range(11)}

    there, cursor = [], None
    while True:
        found = page(sort=sort, cursor=cursor or "")
        there.append([line.id for line in found.items])
        cursor = found.next_cursor
        if cursor is None:
            break
    back, cursor = [], found.previous_cursor
    while cursor:
        found = page(sort=sort, cursor=cursor)
        back.append([line.id for line in found.items])
        cursor = found.previous_cursor

    assert [len(part) for part in there] == [4, 4, 3]
    assert {one for part in there for one in part} == made
    assert back == there[-2::-1]


def test_a_row_that_comes_meanwhile_moves_nothing(tenant, monkeypatch, now):
    monkeypatch.setattr(lists, "ON_A_PAGE", 2)
    for letter in "ABCD":
        make_customer(f"{letter}nn One")
        now.shift(60)
    first = page()
    make_customer("Enn One")

    assert names(page(cursor=first.next_cursor)) == ["Bnn One", "Ann One"]


def test_an_edited_cursor_is_refused_wherever_it_was_edited(tenant, monkeypatch):
    monkeypatch.setattr(lists, "ON_A_PAGE", 1)
    for _ in range(3):
        make_customer()
    genuine = page().next_cursor
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    for place, letter in enumerate(genuine):
        edited = genuine[:place] + letters[(letters.index(letter) + 1) % 64] + genuine[place + 1 :]
        with pytest.raises(BadCursor):
            page(cursor=edited)
    assert page(cursor=genuine).items


def test_a_genuine_cursor_of_another_order_list_or_tenant_is_refused(tenant, other_tenant, monkeypatch):
    monkeypatch.setattr(lists, "ON_A_PAGE", 1)
    for _ in range(3):
        make_customer()
    genuine = page().next_cursor
    with tenancy.as_tenant(other_tenant.id):
        for _ in range(3):
            make_customer()
        foreign = page().next_cursor

    for asked in ({"cursor": genuine, "sort": "oldest"}, {"cursor": foreign}):
        with pytest.raises(BadCursor):
            page(**asked)
    with pytest.raises(BadCursor):
        page(PEOPLE, of=new_id(), cursor=genuine)


@pytest.mark.parametrize("cursor", ["\0", "\ud800", "=", "é" * 9, "A" * 100_000, "' OR 1=1", "%", "n1"])
def test_a_cursor_that_is_none_is_refused(tenant, cursor):
    with pytest.raises(BadCursor):
        page(cursor=cursor)


@pytest.mark.parametrize(
    "given",
    ["'", '")', "--", ";", "(CASE WHEN 1=1 THEN 1 END)", "id)", "a & | !", ":*", "<->", "NEAR(", '"', "*", "%", "_", "\0",
     "\ud800", "\U0010ffff", "é" * 5000, "x" * 100_000, "-1", "1e9", str(10**9), "9" * 400, "٣", "0001-01-01", "9999-12-31"],
)  # fmt: skip
def test_whatever_is_asked_for_the_answer_is_a_page(tenant, given):
    make_customer("Ann One")
    everything = dict.fromkeys(["q", "status", "source", "country", "sort", "limit", "page", "order", "fields"], given)
    people = dict.fromkeys(["q", "role", "customer", "from", "to", "before_now", "state", "sort"], given)

    for asked in (CUSTOMERS.read(everything), CUSTOMERS.read({"q": given})):
        assert len(CUSTOMERS.page(asked).items) <= 1
        assert CUSTOMERS.count(asked).number <= 1
        assert asked.href().startswith("/admin/customers")
        assert len(asked.href()) < 4000
    assert PEOPLE.page(PEOPLE.read(people), of=new_id()).items == []
    assert PEOPLE.count(PEOPLE.read(people), of=new_id()).number == 0


def test_each_filter_narrows(alice, bob, now):
    customer = alice.customer_id

    def emails(**asked):
        return [row[0] for row in PEOPLE.page(PEOPLE.read(asked, zone="Pacific/Auckland"), of=customer).items]

    mine = [alice.email]
    assert emails() == emails(role="5") == emails(state="never") == emails(customer=str(customer)) == mine
    assert emails(role="1") == emails(state="seen") == emails(customer=str(bob.customer_id)) == []
    assert emails(role="nonsense") == emails(customer="nonsense") == emails(state="nonsense") == mine
    assert emails(**{"from": "2026-11-21"}) == emails(to="2026-11-21") == mine  # 13:22 UTC is the 21st there
    assert emails(**{"from": "2026-11-22"}) == emails(to="2026-11-20") == []
    assert emails(before_now="1") == []
    now.shift(timedelta(seconds=1))
    assert emails(before_now="1") == mine
    assert emails(q=alice.email.split("@")[0]) == mine
    assert emails(q="nobody") == []


def test_whose_rows_must_be_said_where_a_list_belongs_to_somebody(alice, bob):
    assert PEOPLE.count(PEOPLE.read({}), of=alice.customer_id).number == 1
    with pytest.raises(TypeError):
        page(PEOPLE)
    with pytest.raises(TypeError):
        page(CUSTOMERS, of=alice.customer_id)


def test_another_tenants_rows_do_not_exist_in_any_use_of_a_list(tenant, other_tenant):
    make_customer("Own One")
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_customer("Foreign Two", status="closed")

    for asked in ({}, {"q": "two"}, {"q": "foreign two"}, {"q": foreign.email}, {"status": "closed"}, {"sort": "name"}):
        read = CUSTOMERS.read(asked)
        assert "Foreign Two" not in names(CUSTOMERS.page(read))
        assert CUSTOMERS.count(read).number == (0 if asked.keys() & {"q", "status"} else 1)
        assert "Foreign Two" not in [line.name for line in CUSTOMERS.export(read, tenant_id=tenant.id)]
    assert searching.record_ids("customer", "foreign") == []
    with tenancy.as_tenant(other_tenant.id):
        assert names(page()) == names(page(q="foreign")) == ["Foreign Two"]


def test_a_list_without_a_tenant_is_refused(tenant):
    asked = CUSTOMERS.read({})
    with tenancy.across_tenants("operator"), pytest.raises(tenancy.NoTenant):
        CUSTOMERS.page(asked)


def test_statements_are_built_once(tenant, monkeypatch):
    make_customer("Ann One")
    page(status="active", q="ann")
    CUSTOMERS.count(CUSTOMERS.read({"status": "active", "q": "ann"}))
    built = []
    monkeypatch.setattr(Listing, "_narrowed", lambda *_: built.append(1))
    page(status="active", q="bob")
    CUSTOMERS.count(CUSTOMERS.read({"status": "active", "q": "carl"}))

    assert built == []


def test_counts_are_exact_to_a_limit_and_fresh_below_it(tenant, monkeypatch):
    monkeypatch.setattr(lists, "COUNTED", 3)
    CUSTOMERS._counts.clear()
    said = []
    for _ in range(5):
        make_customer()
        said.append(str(CUSTOMERS.count(CUSTOMERS.read({"status": "active"}))))

    assert said == ["1", "2", "3", "more than 3", "more than 3"]
    CUSTOMERS._counts.clear()


def test_a_list_that_nothing_narrows_is_counted_whole_once_a_minute(tenant, other_tenant, monkeypatch, now):
    monkeypatch.setattr(lists, "COUNTED", 3)
    CUSTOMERS._counts.clear()
    said = []
    for shift in (0, 0, 0, 0, 0, 61):
        make_customer()
        now.shift(shift)
        said.append(CUSTOMERS.count(CUSTOMERS.read({"sort": "name"})).short)
    with tenancy.as_tenant(other_tenant.id):
        said.append(CUSTOMERS.count(CUSTOMERS.read({})).short)

    assert said == ["1", "2", "3", "4", "4", "6", "0"]
    monkeypatch.setattr(lists, "COUNTED_WHOLE", 5)
    CUSTOMERS._counts.clear()
    assert CUSTOMERS.count(CUSTOMERS.read({})).short == "5+"
    CUSTOMERS._counts.clear()


def test_the_foot_says_how_many_of_how_many(tenant):
    asked = CUSTOMERS.read({})
    assert (
        lists.foot(asked, CUSTOMERS.page(asked), lists.Counted(1000, True), "customer").text
        == "0 of more than 1,000 customers"
    )
    assert lists.foot(asked, CUSTOMERS.page(asked), lists.Counted(1, False), "person", "people").text == "0 of 1 person"


def test_addresses_keep_what_was_asked(tenant):
    asked = CUSTOMERS.read({"q": " a & b ", "status": "active", "sort": "name", "cursor": "x"})

    assert asked.href() == "/admin/customers?q=a+%26+b&status=active&sort=name" or "q=a+%26+b" in asked.href()
    assert asked.href(sort="newest", status="") == "/admin/customers?q=a+%26+b"
    assert asked.hidden == [("status", "active"), ("q", "a & b"), ("sort", "name")]
    assert CUSTOMERS.read({}).href() == "/admin/customers"


def deep(sort: str) -> str:
    middle = {"name": "key 5"}.get(sort)
    value = middle or db.session().scalars(sa.select(Customer.created_at).order_by(Customer.search_key).limit(1)).one()
    return cursors.write(f"customers/{sort}", Edge(False, value, new_id()))


def test_among_a_hundred_thousand_each_page_is_a_range_of_one_index(many, connection, store):
    for sort, index in (
        ("newest", "ix_customers_newest"),
        ("oldest", "ix_customers_newest"),
        ("name", "ix_customers_search"),
    ):
        for cursor in ("", deep(sort)):
            with plans_of(connection, store) as plans:
                found = page(sort=sort, cursor=cursor)
            assert len(found.items) == 50, (sort, cursor)
            (plan,) = plans
            assert index in plan and "SORT" not in plan.upper().replace("INCREMENTAL SORT", "") and "B-TREE" not in plan
            assert not cursor or re.search(r"\)\s*[<>]\s*\(|ROW\(", plan), plan
    with plans_of(connection, store) as plans:
        page(status="closed")
    assert "ix_customers_status" in plans[0], plans
    with plans_of(connection, store) as plans:
        found = page(status="closed", sort="name")
    assert len(found.items) == 50
    assert "ix_customers_status_name" in plans[0] and "SORT" not in plans[0].upper() and "B-TREE" not in plans[0]


def test_among_a_hundred_thousand_words_are_found_through_their_index(many, connection, store):
    for text, found in (("n777", 111), ("n777 often", 111), ("n99999", 1), ("n100001", 0), ("often zzz", 0)):
        with plans_of(connection, store) as plans:
            asked = CUSTOMERS.read({"q": text})
            assert CUSTOMERS.count(asked).number == found, text
            assert len(CUSTOMERS.page(asked).items) == min(found, 50)
        whole = [
            plan
            for plan in plans
            if re.search(r"SCAN (customers|search_terms)|Seq Scan on (customers|search_terms)", plan)
        ]
        assert whole == [], "\n\n".join(whole)
    CUSTOMERS._counts.clear()
    assert str(CUSTOMERS.count(CUSTOMERS.read({"q": "often"}))) == "more than 1,000"
    assert len(page(q="often", sort="name").items) == 50


def test_an_export_is_whole_in_its_order_and_what_comes_meanwhile_is_not_in_it(tenant, monkeypatch, now):
    monkeypatch.setattr(lists, "EXPORTED_AT_ONCE", 3)
    for letter in "HDBGACFE":
        make_customer(f"{letter}nn One")
    rows = CUSTOMERS.export(CUSTOMERS.read({"sort": "name"}), tenant_id=tenant.id)
    first = next(rows)
    now.shift(60)
    make_customer("Zoe Last")

    assert isinstance(first, Line) and STATUSES[0] == first.status
    assert [first.name, *(line.name for line in rows)] == [f"{letter}nn One" for letter in "ABCDEFGH"]
