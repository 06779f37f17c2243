"""The log's list: every filter finds what a look at every row would find, and none costs more in a longer log."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.features.audit import listing, reading, ways
from app.features.audit.models import SEVERITIES
from app.features.tenants.models import Tenant
from app.kernel import db, paging, tenancy
from app.kernel.asked import Asked
from app.kernel.ids import new_id
from tests.audit import rows
from tests.audit.rows import FIRST, PEOPLE, THINGS

ASKED: dict[str, tuple[str, ...]] = {
    "user": (str(PEOPLE[0]), str(PEOPLE[3])),
    "action": ("USER_LOGIN", "USER_LOGIN_FAILED,INVOICE_PAID", "WEBSITE_DEPLOYED"),
    "type": ("invoice", "payment_callback"),
    "id": (str(THINGS[0]),),
    "severity": ("info", "warning", "critical"),
    "from": ("2026-11-03",),
    "to": ("2026-11-02",),
    "gdpr": ("1",),
    "pci": ("1",),
    "request": ("req-5",),
    "q": ("login", "user fail", "payment_callback", str(THINGS[1]), "019a0000 invoice paid", "nothing"),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log in which a few rows are many."""
    monkeypatch.setattr(ways, "SMALL", 20)
    monkeypatch.setattr(ways, "STRETCHES", (15, 45))


def asked(**said: str) -> Asked:
    return listing.read({name.rstrip("_"): value for name, value in said.items()})


def fits(row: dict[str, Any], said: dict[str, str]) -> bool:
    """Whether a person who reads the row would say that it fits."""
    tests: dict[str, Callable[[str], bool]] = {
        "user": lambda value: value in {str(row["actor_user_id"]), str(row["impersonator_user_id"])},
        "action": lambda value: row["action"] in value.split(","),
        "type": lambda value: row["resource_type"] == value,
        "id": lambda value: str(row["resource_id"]) == value,
        "severity": lambda value: SEVERITIES.index(row["severity"]) >= SEVERITIES.index(value),
        "from": lambda value: row["created_at"].date().isoformat() >= value,
        "to": lambda value: row["created_at"].date().isoformat() <= value,
        "gdpr": lambda _value: row["is_gdpr"],
        "pci": lambda _value: row["is_pci"],
        "request": lambda value: row["request_id"] == value,
        "q": lambda value: is_described(row["description"], value),
    }
    return all(tests[name](value) for name, value in said.items())


def is_described(description: str, text: str) -> bool:
    """Each word begins a word of the description: the same as a full-text index of prefixes would find."""
    words = description.lower().replace("_", " ").split()
    return all(any(one.startswith(word) for one in words) for word in text.lower().replace("_", " ").split())


def everything(said: dict[str, str], *, limit: int = 20) -> tuple[list[Any], int]:
    """The ids on all pages, and how many pages that were."""
    found, cursor, pages = [], "", 0
    while True:
        one = reading.page(asked(**said, cursor=cursor), limit=limit).page
        found += [line.id for line in one.items]
        pages += 1
        if one.next_cursor is None:
            return found, pages
        cursor = one.next_cursor


def expected(written: list[dict[str, Any]], said: dict[str, str]) -> list[Any]:
    ordered = sorted(written, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    return [row["id"] for row in ordered if fits(row, said)]


def combinations(most: int) -> Iterator[dict[str, str]]:
    for count in range(most + 1):
        for names in itertools.combinations(ASKED, count):
            for values in itertools.product(*(ASKED[name] for name in names)):
                yield dict(zip(names, values, strict=True))


@pytest.mark.both_stores
def test_every_filter_alone_and_in_pairs_finds_what_reading_every_row_would(tenant: Tenant, small: None) -> None:
    written = rows.mixed(150)
    rows.insert(written)

    for said in [*combinations(1), *list(combinations(2))[:: 4 if db.is_postgresql() else 2]]:
        found, _pages = everything(said)
        assert found == expected(written, said), said


def test_three_filters_at_once_find_the_same_too(tenant: Tenant, small: None) -> None:
    written = rows.mixed(120, seed=2)
    rows.insert(written)

    for said in list(combinations(3))[::31]:
        assert everything(said)[0] == expected(written, said), said


def test_going_back_shows_the_pages_that_were_seen_on_the_way(tenant: Tenant, small: None) -> None:
    rows.insert(rows.mixed(200))

    for said in (
        {},
        {"action": "USER_LOGIN"},
        {"action": "USER_LOGIN,INVOICE_PAID"},
        {"severity": "info", "gdpr": "1"},
    ):
        seen, cursor = [], ""
        while cursor is not None and len(seen) < 3:
            page = reading.page(asked(**said, cursor=cursor), limit=10).page
            seen.append([line.id for line in page.items])
            cursor = page.next_cursor
        for before in reversed(seen[:-1]):
            assert page.previous_cursor
            page = reading.page(asked(**said, cursor=page.previous_cursor), limit=10).page
            assert [line.id for line in page.items] == before, said


def test_a_page_stops_looking_after_so_many_rows_says_so_and_goes_on_from_there(tenant: Tenant, small: None) -> None:
    common = [rows.one(FIRST + timedelta(minutes=number), is_pci=False) for number in range(300)]
    rare = rows.one(FIRST, action="INVOICE_PAID", resource_type="invoice", is_pci=True)
    rows.insert([rare, *common])

    first = reading.page(asked(pci="1"), limit=10)

    assert first.page.items == []
    assert first.looked_back_to == FIRST + timedelta(minutes=300 - 60)
    assert str(reading.count(asked(pci="1"))) == "0"
    assert reading.count(asked(pci="1")).since == first.looked_back_to
    found, pages = everything({"pci": "1"}, limit=10)
    assert (found, pages) == ([rare["id"]], 6)


@pytest.mark.both_stores
def test_counts_are_exact_to_a_thousand(tenant: Tenant) -> None:
    written = rows.mixed(1300)
    rows.insert(written)

    for said in list(combinations(2))[::9]:
        number = len(expected(written, said))
        total = reading.count(asked(**said))
        wanted = f"{number:,}" if number <= 1000 or not said else "more than 1,000"
        assert (str(total), total.since) == (wanted, None), said


def test_what_the_words_find_is_what_a_full_text_index_finds(tenant: Tenant) -> None:
    """FTS5 over the very descriptions, word by word and by beginnings."""
    written = rows.mixed(300)
    rows.insert(written)
    connection = db.session().connection()
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE described USING fts5(words, tokenize=\"unicode61 tokenchars '-'\")"
    )
    for number, row in enumerate(written):
        connection.exec_driver_sql("INSERT INTO described(rowid, words) VALUES (?, ?)", (number, row["description"]))

    for text in (*ASKED["q"], "USER_LOGIN", "log us", "inv", "paid 019a0000-0000-7000-8000-000000000002", "019a", "e"):
        match = " AND ".join(f'"{word}"*' for word in text.replace("_", " ").split())
        hits = connection.exec_driver_sql("SELECT rowid FROM described WHERE words MATCH ?", (match,))
        assert set(everything({"q": text})[0]) == {written[number]["id"] for (number,) in hits}, text


class Steps:
    """How many steps SQLite's machine takes: what a page costs, whatever the clock says."""

    def __init__(self) -> None:
        self.driver: Any = db.session().connection().connection.driver_connection
        self.count = 0

    def of(self, work: Callable[[], object]) -> int:
        self.count = 0
        self.driver.set_progress_handler(self._step, 100)
        work()
        self.driver.set_progress_handler(None, 0)
        return self.count

    def _step(self) -> int:
        self.count += 100
        return 0


def test_no_page_costs_more_in_a_log_ten_times_as_long(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every filter and pair that the page offers: first page, its count, and a page from the middle."""
    monkeypatch.setattr(ways, "SMALL", 200)
    monkeypatch.setattr(ways, "STRETCHES", (100, 300))
    monkeypatch.setattr(reading, "COUNTED", 100)
    steps = Steps()
    some = [*list(combinations(1)), *list(combinations(2))[::9]]

    def costs() -> list[int]:
        return [
            steps.of(lambda said=said: (reading.page(asked(**said)), reading.count(asked(**said)))) for said in some
        ]

    rare = {"id": str(new_id())}
    some.append(rare)
    rows.insert([*rows.mixed(2000, seed=3), rows.one(FIRST, resource_type="invoice", resource_id=UUID(rare["id"]))])
    short = costs()
    rows.insert(rows.mixed(14_000, seed=4))
    long = costs()

    most = max(short)
    assert long[-1] <= 2 * short[-1]
    dear = {str(said): cost for said, cost in zip(some, long, strict=True) if cost > 2 * most}
    assert dear == {}


def test_a_cursor_of_somewhere_else_is_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    rows.insert(rows.mixed(60))
    cursor = reading.page(asked()).page.next_cursor
    assert cursor is not None

    for wrong in (cursor[:-4] + "AAAA", "x" * 5000, "ü"):
        with pytest.raises(paging.BadCursor):
            reading.page(asked(cursor=wrong))
    with tenancy.as_tenant(other_tenant.id), pytest.raises(paging.BadCursor):
        reading.page(asked(cursor=cursor))


@pytest.mark.both_stores
def test_nobody_finds_a_row_of_another_tenant_by_any_filter(tenant: Tenant, other_tenant: Tenant) -> None:
    rows.insert(rows.mixed(60))

    with tenancy.as_tenant(other_tenant.id):
        for said in combinations(1):
            assert reading.page(asked(**said)).page.items == []
            assert reading.count(asked(**said)).number == 0
        assert reading.vocabulary() == ((), ())


@pytest.mark.parametrize(
    "nonsense", ["'", '")', "--", ";", "a & | !", ":*", "<->", "NEAR(", "*", "%", "_", "\0", "\ud800", "x" * 100_000]
)
def test_nonsense_is_left_out_or_finds_nothing(tenant: Tenant, nonsense: str) -> None:
    rows.insert(rows.mixed(20))

    for name in ASKED:
        said = {name: nonsense}
        page = reading.page(asked(**said)).page
        assert page.items == [] or listing.read(said).values[name] == ""


def test_the_walk_of_an_export_reads_each_row_once_and_none_that_came_later(tenant: Tenant, small: None) -> None:
    written = rows.mixed(100)
    rows.insert(written)

    for said in ({}, {"severity": "info", "gdpr": "1"}, {"action": "USER_LOGIN,INVOICE_PAID"}, {"q": "nothing"}):
        found: list[Any] = []
        then = list(written)
        for batch in reading.walk(asked(**said), [], tenant_id=tenant.id, at_once=7):
            found += [row.id for row in batch]
            written.append(rows.one(FIRST + timedelta(days=30)))
            rows.insert(written[-1:])
        assert found == expected(then, said), said


def test_the_words_of_the_log_are_found_by_hops(tenant: Tenant) -> None:
    assert reading.vocabulary() == ((), ())

    rows.insert(rows.mixed(100))

    actions, types = reading.vocabulary()
    assert set(actions) == {action for action, _kind in rows.KINDS}
    assert set(types) == {kind for _action, kind in rows.KINDS}
    assert sa.inspect(db.engine()).has_table("audit_logs")
