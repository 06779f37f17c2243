"""Lists that people read: searched, filtered, sorted, counted, paged by key, exported.

    CUSTOMERS = Listing(
        name="customers", here="/admin/customers", model=Customer,
        columns=(Customer.id, Customer.company, ...),       # a row is a tuple of these, nothing else is read
        row=Line,                                           # optional: a NamedTuple with these fields
        joins=(Join(Customer, Customer.id == Invoice.customer_id),),        # Join(..., outer=True) keeps rows without
        where=(Invoice.status != "draft",),                 # what always holds
        of=Invoice.customer_id,                             # whose rows: page(asked, of=customer_id), for clients;
                                                            # of=(one, another) where several records count as one
        filters=(Exact("status", Customer.status, STATUSES), Since("from", Invoice.issued_at), Until("to", ...),
                 Given("overdue", Invoice.due_at <= NOW), Choice("state", {"overdue": and_(...), "paid": ...})),
        search=Search("q", Begins(Invoice.number), Words("customer", Invoice.customer_id)),
        sorts={"newest": Sort("Newest first", Customer.created_at, is_falling=True),       # the first is the default
               "name": Sort("By name", Customer.search_key)},
    )
    asked = CUSTOMERS.read(request.args, zone=tenant.time_zone)   # nonsense is left out; asked.values["status"],
                                  # asked.is_filtered, asked.sort, asked.href(sort="name"), asked.hidden (for exports)
    found = CUSTOMERS.page(asked)                           # Page of tuples with cursors; BadCursor is a 400
    total = CUSTOMERS.count(asked)                          # Counted: str(total) is "312" or "more than 1,000"; of
                                                            # a list that nothing narrows "48,120", a minute old
    rows = CUSTOMERS.export(asked, tenant_id=tenancy.current())   # iterator: short reads, no transaction held
    foot = lists.foot(asked, found, total, "customer")      # for ui.list_foot: range, back, next

Rules: sorted columns are NOT NULL moments, whole numbers or texts, each with an index (tenant_id, column, id); a
filter has (tenant_id, column, <sorted column>, id). `Begins` wants `columns.Code` and an index (tenant_id, column);
`Words` of another record one (tenant_id, key, created_at, id);
with `rises` what begins alike by the thousand is shown by number, which the foot says. `where` is about the list's own
model, and an inner join finds exactly one.
Texts that are sorted are `columns.Code` too. The tenant's predicate is put on every table here: a list cannot
forget it. Statements are built once for each combination of filters, order and direction, and kept. The example to
copy is `features/accounts/{customers,admin}.py` with `templates/accounts/admin/index.html`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, cursors, db, searching, tenancy
from app.kernel.asked import Asked, Counted, Foot, foot, understood
from app.kernel.columns import UtcDateTime
from app.kernel.cursors import Edge
from app.kernel.filters import NOW, Choice, Exact, Given, Since, Until
from app.kernel.paging import BadCursor, Page
from app.kernel.searching import Begins, Plan, Search, Words
from app.kernel.statements import BY_NUMBER, Join, Shape, Sort, Statements, names_of_owners

__all__ = [
    "NOW", "Asked", "Begins", "Choice", "Counted", "Exact", "Foot", "Given", "Join", "Listing", "Search", "Since",
    "Sort", "Until", "Words", "foot",
]  # fmt: skip

ON_A_PAGE = 50
COUNTED = 1000
"""Counts are exact up to here; beyond, a list that is narrowed says that there are more."""
COUNTED_WHOLE = 2_000_000
"""The same for a list that nothing narrows: it is read off an index, once in a while."""
REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 5000
EXPORTED_AT_ONCE = 1000
Owners = UUID | tuple[UUID, ...] | None
"""Whose rows: of one record, or of several that count as one."""


@dataclass(frozen=True, kw_only=True)
class Listing(Statements):
    """One list of one room. See the head of this file."""

    name: str
    here: str
    row: Any = None
    _counts: dict[Any, tuple[float, Counted]] = field(default_factory=dict, repr=False, compare=False)

    def read(self, given: Mapping[str, str], *, zone: str = "UTC") -> Asked:
        """What the address or form asks for; `zone` is whose days are meant."""
        search = self.search.name if self.search else ""
        return understood(self.here, given, self.filters, zone=zone, sorts=self.sorts, search=search)

    def page(self, asked: Asked, *, of: Owners = None, limit: int | None = None) -> Page[Any]:
        """One page. One query, and some more where words or numbers are looked for.

        Raises:
            BadCursor: the cursor is not one that this list gave in this order.
        """
        limit = ON_A_PAGE if limit is None else limit
        plan, words_bound = self._plan(asked)
        sort, edge = self._start(asked, plan)
        if plan is not None and plan.finds_nothing:
            return Page([])
        is_back = edge is not None and edge.is_back
        found = self._rows(asked, sort, of, plan, words_bound, edge, limit + 1)
        has_more = len(found) > limit
        found = found[:limit]
        if is_back:
            found.reverse()
        is_first = not has_more if is_back else edge is None
        write = partial(cursors.write, self._purpose(sort))
        return Page(
            items=self._lines(found),
            next_cursor=write(self._edge(sort, found[-1], is_back=False)) if found and (has_more or is_back) else None,
            previous_cursor=write(self._edge(sort, found[0], is_back=True)) if found and not is_first else None,
            order=self.sort(sort).label if sort.endswith(BY_NUMBER) else "",
        )

    def count(self, asked: Asked, *, of: Owners = None) -> Counted:
        """How many there are: exact to `COUNTED`, and further where nothing narrows the list.

        What is more than `COUNTED` is remembered for a minute.
        """
        key = (tenancy.current(), of, asked.text, asked.variants, tuple(asked.bound.values()))
        known_at, known = self._counts.get(key, (0.0, Counted(0, False)))
        if 0 <= clock.now().timestamp() - known_at < REMEMBERED_SECONDS:
            return known
        plan, words_bound = self._plan(asked)
        if plan is not None and plan.finds_nothing:
            return Counted(0, False)
        bound = self._bound(asked, of) | words_bound
        found = 0
        for use in self.ways_to_count(plan):
            shape = Shape(use, asked.variants, "", False, False, _count(of), plan)
            found = searching.fetch(self.statement(shape), bound | {"limit": COUNTED + 1})[0][0]
            if found > COUNTED:
                break
        if found <= COUNTED:
            return Counted(found, False)
        counted = Counted(COUNTED, True) if asked.is_filtered else self._whole(bound, of)
        if len(self._counts) >= MOST_REMEMBERED:
            self._counts.clear()
        self._counts[key] = (clock.now().timestamp(), counted)
        return counted

    def _whole(self, bound: dict[str, Any], of: Owners) -> Counted:
        """All rows of a list that nothing narrows."""
        shape = Shape("whole", (), "", False, False, _count(of), None)
        found = searching.fetch(self.statement(shape), bound | {"limit": COUNTED_WHOLE + 1})[0][0]
        return Counted(min(found, COUNTED_WHOLE), found > COUNTED_WHOLE)

    def export(self, asked: Asked, *, tenant_id: UUID, of: Owners = None) -> Iterator[Any]:
        """All that is asked for, in the order of its pages, in short reads: no transaction is held meanwhile.

        What is made after the first read is not among them.
        """
        edge, newest, sort = None, None, ""
        while True:
            with tenancy.as_tenant(tenant_id), db.transaction(write=False):
                newest = newest or db.session().scalar(sa.select(self.model.id).order_by(self.model.id.desc()).limit(1))
                plan, words_bound = self._plan(asked)
                if newest is None or (plan is not None and plan.finds_nothing):
                    return
                words_bound["newest"] = newest
                sort = sort or self._order(asked, plan)
                found = self._rows(asked, sort, of, plan, words_bound, edge, EXPORTED_AT_ONCE)
            yield from self._lines(found)
            if len(found) < EXPORTED_AT_ONCE:
                return
            edge = self._edge(sort, found[-1], is_back=False)

    def _plan(self, asked: Asked) -> tuple[Plan | None, dict[str, Any]]:
        if self.search is None or not asked.text:
            return None, {}
        tenant_id = tenancy.current()
        if tenant_id not in asked.plans:
            plan, bound = searching.plan(self.search, asked.text)
            asked.plans[tenant_id] = plan._replace(is_narrow=plan.is_many and self._is_narrow(asked)), bound
        plan, bound = asked.plans[tenant_id]
        return plan, dict(bound)

    def _is_narrow(self, asked: Asked) -> bool:
        """Whether the filters, or whose rows are meant, leave little. One query."""
        if self.of is not None or not asked.variants:
            return self.of is not None
        shape = Shape("count", asked.variants, "", False, False, 0, None)
        bound = self._bound(asked, None) | {"limit": searching.RARE + 1}
        return bool(searching.fetch(self.statement(shape), bound)[0][0] <= searching.RARE)

    def _order(self, asked: Asked, plan: Plan | None) -> str:
        """The order asked for; where numbers by the thousand are found, theirs, which is nearly that of time."""
        number = self.number
        is_by_time = isinstance(self.sorts[asked.sort].column.type, UtcDateTime)
        if plan is None or number is None or not (number.rises and is_by_time and plan.is_by_number):
            return asked.sort
        return asked.sort + BY_NUMBER

    def _start(self, asked: Asked, plan: Plan | None) -> tuple[str, Edge | None]:
        """In which order the page is and where it begins. A list goes on in the order that its cursor came from."""
        order = self._order(asked, plan)
        if not asked.cursor:
            return order, None
        other = asked.sort if order.endswith(BY_NUMBER) else asked.sort + BY_NUMBER
        try:
            return order, cursors.read(self._purpose(order), asked.cursor)
        except BadCursor:
            if plan is None or not plan.begins or self.number is None:
                raise
            return other, cursors.read(self._purpose(other), asked.cursor)

    def _purpose(self, sort: str) -> str:
        return f"{self.name}/{sort}"

    def _edge(self, sort: str, found: Any, *, is_back: bool) -> Edge:
        read = self.read_columns(sort)
        places = (self.sort(sort).column, self.model.id)
        value, row_id = (found[next(i for i, known in enumerate(read) if known is column)] for column in places)
        return Edge(is_back, value, row_id)

    def _lines(self, found: list[Any]) -> list[Any]:
        """The rows without what was read for the cursor alone."""
        width = len(self.columns)
        if found and len(found[0]) > width:
            found = [row[:width] for row in found]
        return list(map(self.row._make if self.row else tuple, found))

    def _bound(self, asked: Asked, of: Owners) -> dict[str, Any]:
        if (self.of is None) is not (of is None):
            raise TypeError(f"{self.name}: `of` says whose rows, for lists that declare it and for these alone")
        owners = of if isinstance(of, tuple) else (of,)
        whose = dict(zip(names_of_owners(len(owners)), owners, strict=True))
        return {**asked.bound, "tenant": tenancy.current(), "now": clock.now(), **whose}

    def _rows(
        self,
        asked: Asked,
        sort: str,
        of: Owners,
        plan: Plan | None,
        extra: dict[str, Any],
        edge: Edge | None,
        limit: int,
    ) -> list[Any]:
        """Rows in the order read, with what `read_columns` adds at their end."""
        is_falling = self.sort(sort).is_falling is not (edge is not None and edge.is_back)
        use = "export" if "newest" in extra else "page"
        shape = Shape(use, asked.variants, sort, is_falling, edge is not None, _count(of), plan)
        bound = self._bound(asked, of) | extra | {"limit": limit}
        if edge is not None:
            bound |= {"edge_value": edge.value, "edge_id": edge.row_id}
        return searching.fetch(self.statement(shape), bound)


def _count(of: Owners) -> int:
    return len(of) if isinstance(of, tuple) else int(of is not None)
