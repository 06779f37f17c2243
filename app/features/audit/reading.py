"""How rows of the log are found among a million: by their indices, and never by more steps than were agreed.

Every filter that leaves little has its index. Which of those that are asked for leaves the least is counted first, to
`SMALL` at most. Where even that leaves much, and other filters remain, the log is walked from the newest row in
stretches of `STRETCH`, `MOST_STRETCHES` of them for a page. A page that ends there says until when it looked, and its
next cursor looks further: nothing is left out, and no page costs more than that.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit.listing import WHOLE, Line, T, Vocabulary
from app.features.audit.listing import wish as wish_of
from app.features.audit.ways import Place, Way, fetch, way
from app.kernel import cursors, db, tenancy
from app.kernel.cursors import Edge
from app.kernel.lists import COUNTED, ON_A_PAGE, Asked
from app.kernel.paging import Page

_PURPOSE = "audit/newest"


@dataclass(frozen=True)
class Found:
    """One page of the log."""

    page: Page[Line]
    looked_back_to: datetime | None = None
    """Where the page stopped looking although older rows may fit; None when it is full, or nothing is left."""


@dataclass(frozen=True)
class Total:
    """How many rows fit."""

    number: int
    is_more: bool = False
    """More than `number`."""
    since: datetime | None = None
    """Until when it was counted back, where not to the beginning."""

    def __str__(self) -> str:
        return f"more than {self.number:,}" if self.is_more else f"{self.number:,}"

    @property
    def short(self) -> str:
        """For beside a title: `312`, `1,000+`."""
        return f"{self.number:,}{'+' if self.is_more else ''}"


def vocabulary() -> Vocabulary:
    """Every action and type that stands in the tenant's log. One query that hops from one to the next."""
    union: Any = sa.union_all
    found = fetch(union(_hops(T.c.action), _hops(T.c.resource_type)))
    return Vocabulary(*(tuple(word for kind, word in found if kind == name) for name in ("action", "resource_type")))


def way_of(asked: Asked, *, known: Vocabulary | None = None) -> Way:
    """How what is asked for is found. `known` is the vocabulary, for who has it already."""
    return way(wish_of(asked, known or vocabulary()))


def _hops(column: Any) -> Any:
    """The different values of an indexed column: one look-up in the index for each."""
    kind: Any = sa.literal_column(f"'{column.key}'").label("kind")
    mine = T.c.tenant_id == tenancy.current()
    hop = sa.select(sa.func.min(column).label("word")).where(mine).cte(recursive=True)
    further = sa.select(sa.func.min(column)).where(mine, column > hop.c.word).scalar_subquery()
    hop = hop.union_all(sa.select(further).where(hop.c.word.is_not(None)))
    return sa.select(kind, hop.c.word).where(hop.c.word.is_not(None))


def page(asked: Asked, *, by: Way | None = None, limit: int = ON_A_PAGE) -> Found:
    """One page, newest first. `by` is `way_of(asked)`, for who has it already.

    Raises:
        BadCursor: the cursor is not one that this list gave to this tenant.
    """
    edge = cursors.read(_PURPOSE, asked.cursor) if asked.cursor else None
    is_back = edge is not None and edge.is_back
    start = Place(edge.value, edge.row_id) if edge is not None else None
    rows, stopped = (by or way_of(asked)).read(start, limit + 1, is_back=is_back)
    has_more = len(rows) > limit
    rows = rows[:limit]
    if is_back:
        rows.reverse()
        next_place = _place(rows[-1]) if rows else start
        previous = _place(rows[0]) if has_more else stopped
    else:
        next_place = _place(rows[-1]) if has_more else stopped
        previous = (_place(rows[0]) if rows else start) if edge is not None else None
    items = [Line._make(row) for row in rows]
    looked = stopped.at if stopped is not None and not has_more and not is_back else None
    return Found(Page(items, _cursor(next_place, is_back=False), _cursor(previous, is_back=True)), looked)


def _place(row: Any) -> Place:
    return Place(row.created_at, row.id)


def _cursor(place: Place | None, *, is_back: bool) -> str | None:
    return None if place is None else cursors.write(_PURPOSE, Edge(is_back, place.at, place.row_id))


def count(asked: Asked, *, by: Way | None = None) -> Total:
    """How many rows fit: exact to `lists.COUNTED`, as far back as a page looks."""
    how = by or way_of(asked)
    if how.wanted.is_everything:
        whole = WHOLE.count(WHOLE.read({}))
        return Total(whole.number, whole.is_more)
    found, since = how.count(COUNTED)
    return Total(COUNTED, is_more=True) if found > COUNTED else Total(found, since=since)


def walk(asked: Asked, columns: Iterable[Any], *, tenant_id: UUID, at_once: int) -> Iterator[list[Any]]:
    """All that is asked for, newest first, in short reads; no transaction is held between two of them.

    What is written after the first read is not among them. `columns` are read, and after them those of `Place`.
    """
    read = [*columns, T.c.created_at, T.c.id]
    with tenancy.as_tenant(tenant_id), db.transaction(write=False):
        how = way_of(asked)
    place: Place | None = None
    while True:
        with tenancy.as_tenant(tenant_id), db.transaction(write=False):
            rows, stopped = how.read(place, at_once, columns=read)
        if rows:
            yield rows
        if stopped is None and len(rows) < at_once:
            return
        place = stopped if stopped is not None else Place(*rows[-1][-2:])


def newest(asked: Asked, columns: Iterable[Any], *, most: int) -> tuple[list[Any], datetime | None]:
    """The newest `most` rows at the most, as `walk` reads them; and until when was looked, if not to the beginning."""
    rows, stopped = way_of(asked).read(None, most, columns=[*columns, T.c.created_at, T.c.id])
    if stopped is not None:
        return rows, stopped.at
    return rows, rows[-1].created_at if len(rows) == most else None
