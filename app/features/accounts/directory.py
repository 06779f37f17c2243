"""The list of customers: searched, filtered, sorted, counted, page by page.

A search looks for each word anywhere in title, name and e-mail (`search_key`).
That reads the tenant's index from one end until the page is full: a rare word
among 100,000 customers costs some tens of milliseconds. Names are sorted by
the same key, so that sorting needs no more than its index.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.kernel import clock, db, ids, paging, tenancy
from app.kernel.paging import BadCursor, Page

SORTS = ("newest", "oldest", "name")
PAGE = 50
MOST_WORDS = 5
COUNTED = 1000
"""Up to here a count is made anew each time; larger ones are remembered."""
REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 2000
EXPORTED_AT_ONCE = 500


@dataclass(frozen=True)
class Search:
    """What somebody looks for. Empty means any."""

    text: str = ""
    status: str = ""
    source: str = ""
    country: str = ""
    sort: str = "newest"

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text or self.status or self.source or self.country)


class Line(NamedTuple):
    """One customer in a list. No money here: everybody on the staff may read it."""

    id: UUID
    company: str
    name: str
    email: str
    status: str
    marketing_source: str
    utm_campaign: str
    country: str
    city: str
    phone: str
    created_at: datetime


_COLUMNS = tuple(getattr(Customer, name) for name in Line._fields)
_remembered: dict[tuple[Any, ...], tuple[float, Any]] = {}
_lock = threading.Lock()


def list_customers(search: Search, *, cursor: str | None = None) -> Page[Line]:
    """One page of the customers that are looked for. One query.

    Raises:
        BadCursor: `cursor` is not one that this list gave.
    """
    statement = sa.select(*_COLUMNS).where(*_conditions(search))
    if search.sort == "name":
        return _by_name(statement, cursor)
    found = paging.page(statement, Customer, cursor=cursor, limit=PAGE, oldest_first=search.sort == "oldest")
    return found.showing([Line(*row) for row in found.items])


def _conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    words = search.text.lower().split()[:MOST_WORDS]
    conditions: list[sa.ColumnElement[bool]] = [Customer.search_key.contains(word, autoescape=True) for word in words]
    exact = {Customer.status: search.status, Customer.marketing_source: search.source, Customer.country: search.country}
    return conditions + [column == value for column, value in exact.items() if value]


def _by_name(statement: sa.Select[Any], cursor: str | None) -> Page[Line]:
    """By title, then id. A cursor is the id of the row at the edge, with the direction before it."""
    backwards, edge = _read(cursor)
    key = sa.tuple_(Customer.search_key, Customer.id)
    if edge is not None:
        at = sa.tuple_(sa.literal(edge[0]), sa.literal(edge[1], Customer.id.type))
        statement = statement.where(key < at if backwards else key > at)
    order = (Customer.search_key.desc(), Customer.id.desc()) if backwards else (Customer.search_key, Customer.id)
    rows = [Line(*row) for row in db.session().execute(statement.order_by(*order).limit(PAGE + 1))]
    has_more = len(rows) > PAGE
    rows = rows[:PAGE]
    if backwards:
        rows.reverse()
    after = f"n{rows[-1].id}" if rows and (has_more or backwards) else None
    before = f"p{rows[0].id}" if rows and (has_more if backwards else cursor) else None
    return Page(rows, after, before)


def _read(cursor: str | None) -> tuple[bool, tuple[str, UUID] | None]:
    if not cursor:
        return False, None
    row_id = ids.parse_id(cursor[1:])
    if cursor[0] not in "np" or row_id is None:
        raise BadCursor()
    row = db.session().execute(sa.select(Customer.search_key, Customer.id).where(Customer.id == row_id)).one_or_none()
    if row is None:
        raise BadCursor()
    return cursor[0] == "p", (row.search_key, row.id)


def count(search: Search) -> int:
    """How many there are. Exact to 1,000; beyond, as of at most a minute ago."""
    key = (tenancy.current(), "count", search.text, search.status, search.source, search.country)
    known: int | None = _recall(key)
    if known is not None:
        return known
    some = sa.select(sa.literal(1)).select_from(Customer).where(*_conditions(search)).limit(COUNTED + 1).subquery()
    found = db.session().scalar(sa.select(sa.func.count()).select_from(some)) or 0
    if found <= COUNTED:
        return found
    found = db.session().scalar(sa.select(sa.func.count()).select_from(Customer).where(*_conditions(search))) or 0
    _remember(key, found)
    return found


def sources() -> list[str]:
    """Where customers came from, for the filter; as of at most a minute ago."""
    return _distinct("sources", Customer.marketing_source)


def countries() -> list[str]:
    """The countries that customers live in, for the filter; as of at most a minute ago."""
    return _distinct("countries", Customer.country)


def _distinct(name: str, column: Any) -> list[str]:
    key = (tenancy.current(), name)
    known: list[str] | None = _recall(key)
    if known is None:
        known = list(db.session().scalars(sa.select(column).where(column != "").distinct().order_by(column).limit(100)))
        _remember(key, known)
    return known


def _recall(key: tuple[Any, ...]) -> Any:
    found = _remembered.get(key)
    return found[1] if found is not None and 0 <= clock.now().timestamp() - found[0] < REMEMBERED_SECONDS else None


def _remember(key: tuple[Any, ...], value: Any) -> None:
    with _lock:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = (clock.now().timestamp(), value)


def export(search: Search, *, tenant_id: UUID) -> Iterator[Line]:
    """All that are looked for, in short reads: no transaction is held while the answer is sent."""
    after: tuple[datetime, UUID] | None = None
    while True:
        rows = _next_export(search, tenant_id, after)
        yield from rows
        if len(rows) < EXPORTED_AT_ONCE:
            return
        after = (rows[-1].created_at, rows[-1].id)


def _next_export(search: Search, tenant_id: UUID, after: tuple[datetime, UUID] | None) -> list[Line]:
    statement = sa.select(*_COLUMNS).where(*_conditions(search))
    if after is not None:
        at = sa.tuple_(sa.literal(after[0], Customer.created_at.type), sa.literal(after[1], Customer.id.type))
        statement = statement.where(sa.tuple_(Customer.created_at, Customer.id) < at)
    statement = statement.order_by(Customer.created_at.desc(), Customer.id.desc()).limit(EXPORTED_AT_ONCE)
    with tenancy.as_tenant(tenant_id), db.transaction(write=False) as session:
        return [Line(*row) for row in session.execute(statement)]
