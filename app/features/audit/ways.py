"""How the rows of one wish are found: the steps behind `reading`, which says how many of them there may be."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.audit.listing import Arm, Lead, Line, T, Wish
from app.kernel import db, tenancy
from app.kernel.columns import Id, UtcDateTime

SMALL = 5_000
"""So many rows are taken from an index and sorted."""
STRETCHES = (2_000, 38_000)
"""So many rows of a walk are looked at by one statement after the other: most pages are full after the first."""
MOST_ARMS = 12
"""So many values of one filter are read side by side and merged."""
_WHY = "names its own tenant"
_COLUMNS = [T.c[name] for name in Line._fields]


class Place(NamedTuple):
    """Where in the log something stands."""

    at: datetime
    row_id: UUID


class Way:
    """How the rows of one wish are found."""

    def __init__(self, wanted: Wish, taken: Lead | None, *, is_few: bool, base: Arm) -> None:
        self.wanted = wanted
        self.taken = taken
        """Whose rows are taken from the index, arm by arm, and merged; None where the log is walked."""
        self.is_few = is_few
        """Whether they are all taken, since they are few."""
        self.base = base
        """The arm that is walked, when it is one; empty for the whole log."""

    @property
    def _rest(self) -> list[sa.ColumnElement[bool]]:
        """What is asked of each row. `IS TRUE` is what no store looks up in an index."""
        covered = Lead((self.base,)) if self.base else None
        asked = [lead.condition for lead in self.wanted.leads if lead not in (self.taken, covered)]
        return [condition.is_(True) for condition in (*asked, *self.wanted.others)]

    def read(
        self, start: Place | None, limit: int, *, is_back: bool = False, columns: Iterable[Any] = ()
    ) -> tuple[list[Any], Place | None]:
        """Up to `limit` rows from `start` on, and where the walk stopped if it did before its end."""
        if self.wanted.is_nothing:
            return [], None
        chosen = list(columns) or _COLUMNS
        if self.taken is not None:
            return fetch(self._merged(chosen, start, limit, is_back)), None
        if not self._rest:
            return fetch(self._walked(chosen, start, None, is_back).limit(limit)), None
        rows: list[Any] = []
        for stretch in STRETCHES:
            stop = self._step(start, stretch, is_back)
            rows += fetch(self._walked(chosen, start, stop, is_back).limit(limit - len(rows)))
            if stop is None or len(rows) == limit:
                return rows, None
            start = stop
        return rows, start

    def _step(self, start: Place | None, steps: int, is_back: bool) -> Place | None:
        """The last row of a stretch; None when the log ends before."""
        place = self._base([T.c.created_at, T.c.id], start, None, is_back)
        found = fetch(place.limit(1).offset(steps - 1))
        return Place(*found[0]) if found else None

    def _base(self, columns: list[Any], start: Place | None, stop: Place | None, is_back: bool) -> Any:
        """The rows of the walk in their order, without what is asked of each."""
        where = (mine(), *_arm(self.base), *self._span(start, stop, is_back))
        return ordered(sa.select(*columns).where(*where), is_back)

    def _walked(self, columns: list[Any], start: Place | None, stop: Place | None, is_back: bool) -> Any:
        return self._base(columns, start, stop, is_back).where(*self._rest)

    def _span(self, start: Place | None, stop: Place | None, is_back: bool) -> Iterator[sa.ColumnElement[bool]]:
        """From which row to which: one bound on each side, since SQLite reads its index by no more."""
        oldest, newest = (start, stop) if is_back else (stop, start)
        since, until = self.wanted.since, self.wanted.until
        if oldest is not None and (since is None or oldest.at >= since):
            yield beyond(oldest, is_back=True, with_it=not is_back)
        elif since is not None:
            yield T.c.created_at >= since
        if newest is not None and (until is None or newest.at < until):
            yield beyond(newest, is_back=False, with_it=is_back)
        elif until is not None:
            yield T.c.created_at < until

    def _merged(self, columns: list[Any], start: Place | None, limit: int | None, is_back: bool) -> Any:
        """The rows whose ids each arm hands over: those that come next of each, or all where they are few."""
        found = sa.select(*columns).where(mine().is_(True), *self._rest, T.c.id.in_(self._ids(start, limit, is_back)))
        return ordered(found, is_back).limit(limit)

    def _ids(self, start: Place | None, limit: int | None, is_back: bool) -> Any:
        assert self.taken is not None
        some = []
        for arm in self.taken.arms:
            of_arm = sa.select(T.c.id).where(mine(), *_arm(arm), *self._span(start, None, is_back))
            if not self.is_few:
                of_arm = ordered(of_arm, is_back).limit(limit)
            some.append(sa.select(of_arm.subquery().c.id))
        return some[0] if len(some) == 1 else sa.union_all(*some)

    def count(self, most: int) -> tuple[int, datetime | None]:
        """How many rows fit, to one more than `most`; and until when it was counted back, if not to the beginning."""
        if self.wanted.is_nothing:
            return 0, None
        some, stop = self._some(sum(STRETCHES) if self.taken is None else most + 1)
        found = fetch(sa.select(sa.func.count()).select_from(some.limit(most + 1).subquery()))[0][0]
        return found, stop.at if stop is not None else None

    def _some(self, most: int) -> tuple[Any, Place | None]:
        """The rows that fit among the newest `most` of those that are walked, in no order."""
        if self.taken is not None:
            ids = self._ids(None, most, False)
            return sa.select(T.c.id).where(mine().is_(True), *self._rest, T.c.id.in_(ids)), None
        stop = self._step(None, most, False)
        return self._walked([T.c.id], None, stop, False).order_by(None), stop


def way(wanted: Wish) -> Way:
    """The cheapest way to what is wanted. One small count, for all filters with an index, where there are several."""
    leads = [] if wanted.is_nothing else list(wanted.leads)
    if not leads:
        return Way(wanted, None, is_few=False, base=())
    is_alone = len(leads) == 1 and not wanted.others
    is_counted = not is_alone or len(leads[0].arms) > MOST_ARMS
    sizes = _sizes(leads, wanted) if is_counted else [0]
    size, best = min(zip(sizes, leads, strict=True), key=lambda one: one[0])
    if is_counted and size <= SMALL:
        return Way(wanted, best, is_few=True, base=())
    if len(best.arms) == 1:
        return Way(wanted, None, is_few=False, base=best.arms[0])
    if is_alone and not is_counted:
        return Way(wanted, best, is_few=False, base=())
    return Way(wanted, None, is_few=False, base=())


def _sizes(leads: list[Lead], wanted: Wish) -> list[int]:
    """How many rows each leaves, to one more than `SMALL`."""
    counts = []
    for lead in leads:
        ids = Way(wanted, lead, is_few=True, base=())._ids(None, None, False).subquery()
        some = sa.select(sa.literal(1)).select_from(ids).limit(SMALL + 1)
        counts.append(sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery())
    return list(fetch(sa.select(*counts))[0])


def mine() -> sa.ColumnElement[bool]:
    """The row is of the tenant that is set."""
    found: sa.ColumnElement[bool] = T.c.tenant_id == tenancy.current()
    return found


def _arm(arm: Arm) -> Iterator[sa.ColumnElement[bool]]:
    """Its conditions, and what a partial index wants to be told."""
    for column, value in arm:
        yield column == value
        if column is T.c.severity:
            yield column != sa.literal_column("'info'")
        elif column is T.c.request_id:
            yield column != sa.literal_column("''")


def beyond(place: Place, *, is_back: bool, with_it: bool = False) -> sa.ColumnElement[bool]:
    """Older than `place`, or newer where the way leads back."""
    key = sa.tuple_(T.c.created_at, T.c.id)
    edge = sa.tuple_(sa.literal(place.at, UtcDateTime()), sa.literal(place.row_id, Id()))
    if with_it:
        return key >= edge if is_back else key <= edge
    return key > edge if is_back else key < edge


def ordered(built: Any, is_back: bool) -> Any:
    """Newest first, or oldest first where the way leads back."""
    place = (T.c.created_at, T.c.id)
    return built.order_by(*(place if is_back else [column.desc() for column in place]))


def fetch(built: Any) -> list[Any]:
    """The rows of a statement that names its own tenant."""
    return list(db.session().execute(tenancy.named(built, _WHY)).all())
