"""Lists page by key: nothing twice, nothing missed, and no cursor but ours."""

import string

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.api_keys.models import ApiKey
from app.kernel import crypto, db
from app.kernel.paging import BadCursor, page

pytestmark = pytest.mark.both_stores


def make_row(name: str) -> ApiKey:
    return ApiKey(
        kind="marketing", name=name, prefix="mk_", key_hash=crypto.digest(name), scopes=["marketing"], hourly_limit=1
    )


@pytest.fixture
def keys(tenant) -> list[str]:
    """Twelve keys made in the same moment, which is the hard case; names in the order of making."""
    names = list(string.ascii_lowercase[:12])
    for name in names:
        db.session().add(
            ApiKey(
                kind="marketing",
                name=name,
                prefix="mk_",
                key_hash=crypto.digest(name),
                scopes=["marketing"],
                hourly_limit=1,
            )
        )
        db.session().flush()
    return names


def walk(limit: int, **more: object) -> tuple[list[list[str]], list[list[str]]]:
    """The names of every page forwards, then of every page back to the first."""
    there, back = [], []
    found = page(sa.select(ApiKey), ApiKey, limit=limit, **more)
    while True:
        there.append([key.name for key in found.items])
        if found.next_cursor is None:
            break
        found = page(sa.select(ApiKey), ApiKey, limit=limit, cursor=found.next_cursor, **more)
    while found.previous_cursor is not None:
        found = page(sa.select(ApiKey), ApiKey, limit=limit, cursor=found.previous_cursor, **more)
        back.append([key.name for key in found.items])
    return there, back


@pytest.mark.parametrize("limit", [1, 4, 5, 12, 50])
def test_every_row_is_seen_once_there_and_back(keys, limit):
    there, back = walk(limit)

    assert [name for names in there for name in names] == keys[::-1]
    assert there[:-1] == back[::-1]


def test_the_oldest_may_come_first(keys):
    there, _ = walk(5, oldest_first=True)

    assert [name for names in there for name in names] == keys


def test_a_new_row_in_between_moves_nothing(keys):
    first = page(sa.select(ApiKey), ApiKey, limit=5)
    db.session().add(make_row("new"))
    db.session().flush()

    second = page(sa.select(ApiKey), ApiKey, limit=5, cursor=first.next_cursor)

    assert [key.name for key in second.items] == keys[6:1:-1]


def test_columns_come_as_tuples_without_the_key(keys):
    found = page(sa.select(ApiKey.name, ApiKey.prefix), ApiKey, limit=2)

    assert found.items == [("l", "mk_"), ("k", "mk_")]


def test_an_empty_list_has_no_neighbours(tenant):
    found = page(sa.select(ApiKey), ApiKey)

    assert (found.items, found.next_cursor, found.previous_cursor) == ([], None, None)


def test_an_altered_cursor_is_refused(keys):
    cursor = page(sa.select(ApiKey), ApiKey, limit=1).next_cursor
    assert cursor is not None
    for at in range(len(cursor)):
        other = "A" if cursor[at] != "A" else "B"
        with pytest.raises(BadCursor):
            page(sa.select(ApiKey), ApiKey, cursor=cursor[:at] + other + cursor[at + 1 :])


@pytest.mark.parametrize("cursor", ["x", "é", "0", "AAAA", "=" * 10, "A" * 199, "\0", "../..", "' OR 1=1"])
def test_what_we_never_gave_is_refused(tenant, cursor):
    with pytest.raises(BadCursor):
        page(sa.select(ApiKey), ApiKey, cursor=cursor)


def test_a_cursor_of_another_list_is_refused(keys):
    cursor = page(sa.select(ApiKey), ApiKey, limit=1).next_cursor

    with pytest.raises(BadCursor):
        page(sa.select(Customer), Customer, cursor=cursor)


def test_one_page_is_one_query(keys, queries):
    with queries(max=1):
        page(sa.select(ApiKey), ApiKey, limit=5)
