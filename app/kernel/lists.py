"""Lists that people read: searched, filtered, sorted, counted, paged by key, exported.

    CUSTOMERS = Listing(
        name="customers", here="/admin/customers", model=Customer,
        columns=(Customer.id, Customer.company, ...),       # a row is a tuple of these, nothing else is read
        row=Line,                                           # optional: a NamedTuple with these fields
        joins=(Join(Customer, Customer.id == Invoice.customer_id),),        # Join(..., outer=True) keeps rows without
        where=(Invoice.status != "draft",),                 # what always holds
        of=Invoice.customer_id,                             # whose rows: page(asked, of=customer_id), for clients
        filters=(Exact("status", Customer.status, STATUSES), Since("from", Invoice.issued_at), Until("to", ...),
                 Given("overdue", Invoice.due_at <= NOW), Choice("state", {"overdue": and_(...), "paid": ...})),
        search=Search("q", Begins(Invoice.number), Words("customer", Invoice.customer_id)),
        sorts={"newest": Sort("Newest first", Customer.created_at, is_falling=True),       # the first is the default
               "name": Sort("By name", Customer.search_key)},
    )
    asked = CUSTOMERS.read(request.args, zone=tenant.time_zone)   # nonsense is left out; asked.values["status"],
                                  # asked.is_filtered, asked.sort, asked.href(sort="name"), asked.hidden (for exports)
    found = CUSTOMERS.page(asked)                           # Page of tuples with cursors; BadCursor is a 400
    total = CUSTOMERS.count(asked)                          # Counted: str(total) is "312" or "more than 1,000"
    rows = CUSTOMERS.export(asked, tenant_id=tenancy.current())   # iterator: short reads, no transaction held
    foot = lists.foot(asked, found, total, "customer")      # for ui.list_foot: range, back, next

Rules: sorted columns are NOT NULL moments, whole numbers or texts, each with an index (tenant_id, column, id); a
filter has (tenant_id, column, <sorted column>, id). `Begins` wants `columns.Code` and an index (tenant_id, column).
Texts that are sorted are `columns.Code` too. The tenant's predicate is put on every table here: a list cannot
forget it. Statements are built once for each combination of filters, order and direction, and kept. The example to
copy is `features/accounts/{customers,admin}.py` with `templates/accounts/admin/index.html`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, cursors, db, searching, tenancy
from app.kernel.asked import Asked, Counted, Foot, foot
from app.kernel.columns import Id
from app.kernel.cursors import Edge
from app.kernel.filters import NOW, Choice, Exact, Filter, Given, Since, Until, parameter
from app.kernel.paging import Page
from app.kernel.searching import Begins, Plan, Search, Words
from app.kernel.tenancy import TenantRecord

__all__ = [
    "NOW", "Asked", "Begins", "Choice", "Counted", "Exact", "Foot", "Given", "Join", "Listing", "Search", "Since",
    "Sort", "Until", "Words", "foot",
]  # fmt: skip

ON_A_PAGE = 50
COUNTED = 1000
"""Counts are exact up to here; beyond, a list says that there are more."""
REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 5000
EXPORTED_AT_ONCE = 1000

_TENANT = sa.bindparam("tenant", type_=Id())
_OWNER = sa.bindparam("of", type_=Id())
_LIMIT = sa.bindparam("limit", type_=sa.Integer())


class Sort(NamedTuple):
    """One order of a list; rows with the same value stand by id."""

    label: str
    column: Any
    is_falling: bool = False


class Join(NamedTuple):
    """A lower record that the rows show or are searched by."""

    model: type[TenantRecord]
    on: sa.ColumnElement[bool]
    outer: bool = False


class _Shape(NamedTuple):
    """What a statement is kept by."""

    use: str
    variants: tuple[tuple[str, str], ...]
    sort: str
    is_falling: bool
    has_edge: bool
    has_owner: bool
    plan: Plan | None


@dataclass(frozen=True)
class Listing:
    """One list of one room. See the head of this file."""

    name: str
    here: str
    model: type[TenantRecord]
    columns: tuple[Any, ...]
    sorts: Mapping[str, Sort]
    filters: tuple[Filter, ...] = ()
    search: Search | None = None
    joins: tuple[Join, ...] = ()
    where: tuple[sa.ColumnElement[bool], ...] = ()
    of: Any = None
    row: Any = None
    _statements: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    _counts: dict[Any, float] = field(default_factory=dict, repr=False, compare=False)

    def read(self, given: Mapping[str, str], *, zone: str = "UTC") -> Asked:
        """What the address or form asks for; `zone` is whose days are meant."""
        values, variants, bound = {}, [], {}
        for narrow in self.filters:
            found = narrow.read(given.get(narrow.name, ""), zone)
            values[narrow.name] = found.said if found else ""
            if found:
                variants.append((narrow.name, found.variant))
                bound[parameter(narrow.name)] = found.bound
        text = searching.clean(given.get(self.search.name, "")) if self.search else ""
        if self.search:
            values[self.search.name] = text
        default = next(iter(self.sorts))
        sort = given.get("sort", "")
        cursor = given.get("cursor", "")
        return Asked(
            self.here, sort if sort in self.sorts else default, default, cursor, values, tuple(variants), bound, text
        )

    def page(self, asked: Asked, *, of: UUID | None = None) -> Page[Any]:
        """One page. One query, and one more where words are looked for.

        Raises:
            BadCursor: the cursor is not one that this list gave in this order.
        """
        edge = cursors.read(self._purpose(asked), asked.cursor) if asked.cursor else None
        plan, words_bound = self._plan(asked)
        if plan is not None and plan.finds_nothing:
            return Page([])
        is_back = edge is not None and edge.is_back
        found = self._rows(asked, of, plan, words_bound, edge, ON_A_PAGE + 1)
        has_more = len(found) > ON_A_PAGE
        found = found[:ON_A_PAGE]
        if is_back:
            found.reverse()
        is_first = not has_more if is_back else edge is None
        write = partial(cursors.write, self._purpose(asked))
        return Page(
            items=[self._row(row) for row in found],
            next_cursor=write(self._edge(asked, found[-1], is_back=False)) if found and (has_more or is_back) else None,
            previous_cursor=write(self._edge(asked, found[0], is_back=True)) if found and not is_first else None,
        )

    def count(self, asked: Asked, *, of: UUID | None = None) -> Counted:
        """How many there are: exact to `COUNTED`. That there are more is remembered for a minute."""
        key = (tenancy.current(), of, asked.text, asked.variants, tuple(asked.bound.values()))
        known_at = self._counts.get(key)
        if known_at is not None and 0 <= clock.now().timestamp() - known_at < REMEMBERED_SECONDS:
            return Counted(COUNTED, True)
        plan, words_bound = self._plan(asked)
        if plan is not None and plan.finds_nothing:
            return Counted(0, False)
        shape = _Shape("count", asked.variants, "", False, False, of is not None, plan)
        bound = self._bound(asked, of) | words_bound | {"limit": COUNTED + 1}
        found: int = searching.fetch(self._statement(shape), bound)[0][0]
        if found <= COUNTED:
            return Counted(found, False)
        if len(self._counts) >= MOST_REMEMBERED:
            self._counts.clear()
        self._counts[key] = clock.now().timestamp()
        return Counted(COUNTED, True)

    def export(self, asked: Asked, *, tenant_id: UUID, of: UUID | None = None) -> Iterator[Any]:
        """All that is asked for, in its order, in short reads: no transaction is held while the answer is sent.

        What is made after the first read is not among them.
        """
        edge, newest = None, None
        while True:
            with tenancy.as_tenant(tenant_id), db.transaction(write=False):
                newest = newest or db.session().scalar(sa.select(self.model.id).order_by(self.model.id.desc()).limit(1))
                plan, words_bound = self._plan(asked)
                if newest is None or (plan is not None and plan.finds_nothing):
                    return
                words_bound["newest"] = newest
                found = self._rows(asked, of, plan, words_bound, edge, EXPORTED_AT_ONCE)
            yield from map(self._row, found)
            if len(found) < EXPORTED_AT_ONCE:
                return
            edge = self._edge(asked, found[-1], is_back=False)

    def _plan(self, asked: Asked) -> tuple[Plan | None, dict[str, Any]]:
        if self.search is None or not asked.text:
            return None, {}
        tenant_id = tenancy.current()
        if tenant_id not in asked.plans:
            asked.plans[tenant_id] = searching.plan(self.search, asked.text)
        plan, bound = asked.plans[tenant_id]
        return plan, dict(bound)

    def _purpose(self, asked: Asked) -> str:
        return f"{self.name}/{asked.sort}"

    def _read_columns(self, sort: str) -> list[Any]:
        """What is read: the row, and what a cursor is made of where that is no part of it."""
        edge = (self.sorts[sort].column, self.model.id)
        return [*self.columns, *(column for column in edge if not any(column is known for known in self.columns))]

    def _edge(self, asked: Asked, found: Any, *, is_back: bool) -> Edge:
        read = self._read_columns(asked.sort)
        places = (self.sorts[asked.sort].column, self.model.id)
        value, row_id = (found[next(i for i, known in enumerate(read) if known is column)] for column in places)
        return Edge(is_back, value, row_id)

    def _row(self, found: Any) -> Any:
        found = found[: len(self.columns)]
        return self.row._make(found) if self.row else tuple(found)

    def _bound(self, asked: Asked, of: UUID | None) -> dict[str, Any]:
        if (self.of is None) is not (of is None):
            raise TypeError(f"{self.name}: `of` says whose rows, for lists that declare it and for these alone")
        return {**asked.bound, "tenant": tenancy.current(), "now": clock.now(), "of": of}

    def _rows(
        self, asked: Asked, of: UUID | None, plan: Plan | None, extra: dict[str, Any], edge: Edge | None, limit: int
    ) -> list[Any]:
        """Rows in the order read, with what `_read_columns` adds at their end."""
        is_falling = self.sorts[asked.sort].is_falling is not (edge is not None and edge.is_back)
        use = "export" if "newest" in extra else "page"
        shape = _Shape(use, asked.variants, asked.sort, is_falling, edge is not None, of is not None, plan)
        bound = self._bound(asked, of) | extra | {"limit": limit}
        if edge is not None:
            bound |= {"edge_value": edge.value, "edge_id": edge.row_id}
        return searching.fetch(self._statement(shape), bound)

    def _statement(self, shape: _Shape) -> Any:
        found = self._statements.get(shape)
        if found is None:
            built = self._counting(shape) if shape.use == "count" else self._reading(shape)
            found = self._statements[shape] = tenancy.named(built, "the tenant's predicate is put on every table")
        return found

    def _reading(self, shape: _Shape) -> Any:
        """One read in the wanted order, from the edge on."""
        column = self.sorts[shape.sort].column
        falling, place = shape.is_falling, (column, self.model.id)
        built = self._narrowed(sa.select(*self._read_columns(shape.sort)), shape)
        if shape.has_edge:
            value = sa.bindparam("edge_value", type_=column.type)
            edge = sa.tuple_(value, sa.bindparam("edge_id", type_=Id()))
            built = built.where(sa.tuple_(*place) < edge if falling else sa.tuple_(*place) > edge)
        if shape.use == "export":
            built = built.where(self.model.id <= sa.bindparam("newest", type_=Id()))
        return built.order_by(*[part.desc() if falling else part for part in place]).limit(_LIMIT)

    def _counting(self, shape: _Shape) -> Any:
        found = None
        if self.search is not None and shape.plan is not None and shape.plan.is_walked:
            is_bare = not (shape.variants or self.where or self.joins or shape.has_owner)
            found = searching.counting(self.search, shape.plan, is_bare=is_bare)
        some = self._narrowed(sa.select(sa.literal(1)), shape, found).limit(_LIMIT).subquery()
        return sa.select(sa.func.count()).select_from(some)

    def _narrowed(self, built: Any, shape: _Shape, found: Any = None) -> Any:
        """From the right tables, with the tenant's predicate on each, and all conditions."""
        built = built.select_from(self.model)
        for join in self.joins:
            same_house = sa.and_(join.on, join.model.tenant_id == _TENANT)
            built = built.join(join.model, same_house, isouter=join.outer)
        own = self.model.tenant_id == _TENANT
        by_key = found is not None or (shape.plan is not None and not shape.plan.is_walked)
        built = built.where(own.is_(True) if by_key else own, *self.where)
        if self.of is not None:
            built = built.where(self.of == _OWNER)
        by_name = {narrow.name: narrow for narrow in self.filters}
        built = built.where(*[by_name[name].condition(variant) for name, variant in shape.variants])
        if found is not None:
            built = built.where(found)
        elif self.search is not None and shape.plan is not None:
            built = built.where(searching.condition(self.search, self.model, shape.plan))
        return built
