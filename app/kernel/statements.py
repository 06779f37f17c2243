"""The statements of a list, each built once for a combination of filters, order, direction and way of searching."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import replacement_traverse

from app.kernel import searching, tenancy
from app.kernel.columns import Id
from app.kernel.filters import Filter
from app.kernel.searching import Begins, Plan, Search, Words
from app.kernel.tenancy import TenantRecord

BY_NUMBER = "#"
"""After the name of an order: in the same direction, but by number."""
_TENANT = sa.bindparam("tenant", type_=Id())
OWNER = "of"
"""The parameter with whose rows are meant; of several, the next are `of_1`, `of_2`."""
_LIMIT = sa.bindparam("limit", type_=sa.Integer())


def names_of_owners(count: int) -> list[str]:
    """The parameters with whose rows are meant."""
    return [f"{OWNER}_{place}" if place else OWNER for place in range(count)]


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


class Shape(NamedTuple):
    """What a statement is kept by."""

    use: str
    """`page`, `export`, `whole` (all rows of a list that nothing narrows), or one of `ways_to_count`."""
    variants: tuple[tuple[str, str], ...]
    sort: str
    is_falling: bool
    has_edge: bool
    owners: int
    """Of how many records at once the rows are asked for; 0 where the list is nobody's own."""
    plan: Plan | None


@dataclass(frozen=True, kw_only=True)
class Statements:
    """What a list is made of, and how that is asked of the store. See the head of `kernel/lists.py`."""

    model: type[TenantRecord]
    columns: tuple[Any, ...]
    sorts: Mapping[str, Sort]
    filters: tuple[Filter, ...] = ()
    search: Search | None = None
    joins: tuple[Join, ...] = ()
    where: tuple[sa.ColumnElement[bool], ...] = ()
    of: Any = None
    _statements: dict[tuple[str, Shape], Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def number(self) -> Begins | None:
        """What numbers are looked for in, if that is one column."""
        numbers = [by for by in self.search.by if isinstance(by, Begins)] if self.search else []
        return numbers[0] if len(numbers) == 1 else None

    def sort(self, name: str) -> Sort:
        """The order of that name, `BY_NUMBER` or not."""
        if not name.endswith(BY_NUMBER):
            return self.sorts[name]
        is_falling, number = self.sorts[name.removesuffix(BY_NUMBER)].is_falling, self.number
        assert number is not None, "only lists with one number have such an order"
        return Sort(f"the {'greatest' if is_falling else 'smallest'} numbers first", number.column, is_falling)

    def read_columns(self, sort: str) -> list[Any]:
        """What is read: the row, and what a cursor is made of where that is no part of it."""
        edge = (self.sort(sort).column, self.model.id)
        return [*self.columns, *(column for column in edge if not any(column is known for known in self.columns))]

    def ways_to_count(self, plan: Plan | None) -> list[str]:
        """The uses by which rows are counted, one after the other: all but the last find some of them, and soon."""
        ways = []
        if self.search is not None and plan is not None and plan.is_walked:
            if plan.is_many and not plan.is_narrow and self.number is not None:
                ways.append("numbers")
                if not plan.word_count:
                    return ways
            if searching.counting(self.search, plan) is not None:
                ways += ["some words", "words"]
                if not plan.begins:
                    return ways
        return [*ways, "count"]

    def statement(self, shape: Shape) -> Any:
        """The statement of that shape; its parameters are the tenant, the filters', the search's and the edge."""
        key = searching.store(), shape
        found = self._statements.get(key)
        if found is None:
            built = self._reading(shape) if shape.use in ("page", "export") else self._counting(shape)
            found = self._statements[key] = tenancy.named(built, "the tenant's predicate is put on every table")
        return found

    def _reading(self, shape: Shape) -> Any:
        """One read in the wanted order, from the edge on."""
        return self._from_edge(self._narrowed(sa.select(*self.read_columns(shape.sort)), shape), shape)

    def _from_edge(self, built: Any, shape: Shape) -> Any:
        """In the wanted order, from the edge on, as many as are wanted."""
        column = self.sort(shape.sort).column
        falling, place = shape.is_falling, (column, self.model.id)
        if shape.has_edge:
            value = sa.bindparam("edge_value", type_=column.type)
            edge = sa.tuple_(value, sa.bindparam("edge_id", type_=Id()))
            built = built.where(sa.tuple_(*place) < edge if falling else sa.tuple_(*place) > edge)
        if shape.use == "export":
            built = built.where(self.model.id <= sa.bindparam("newest", type_=Id()))
        return built.order_by(*[part.desc() if falling else part for part in place]).limit(_LIMIT)

    def _counting(self, shape: Shape) -> Any:
        some = self._narrowed(sa.select(sa.literal(1)), shape).limit(_LIMIT).subquery()
        return sa.select(sa.func.count()).select_from(some)

    def _narrowed(self, built: Any, shape: Shape) -> Any:
        """From the right tables, with the tenant's predicate on each, and all conditions."""
        built = built.select_from(self.model)
        for join in self.joins if shape.use != "whole" else ():
            same_house = sa.and_(join.on if join.outer else self._led(join.on), join.model.tenant_id == _TENANT)
            built = built.join(join.model, same_house, isouter=join.outer)
        found, by_key, by_number = self._found(shape)
        own = self.model.tenant_id == _TENANT
        built = built.where(own.is_(True) if by_key else own, *self.where)
        if self.of is not None and shape.owners:
            owners = [sa.bindparam(name, type_=Id()) for name in names_of_owners(shape.owners)]
            built = built.where(self.of == owners[0] if shape.owners == 1 else self.of.in_(owners))
        by_name = {narrow.name: narrow for narrow in self.filters}
        conditions = [by_name[name].condition(variant) for name, variant in shape.variants]
        built = built.where(*[condition.is_(True) if by_number else condition for condition in conditions])
        return built if found is None else built.where(found)

    def _led(self, on: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """The condition of a join that SQLite follows from the list's rows to what is joined, and not the other way.

        In a house with one large tenant its figures (ANALYZE) make it read every customer and sort all their
        payments to show fifty. A column with a plus before it is looked up in no index.
        """
        if searching.store() != "sqlite":
            return on
        own = self.model.metadata.tables[self.model.__tablename__]

        def plain(element: Any, **kw: Any) -> Any:
            if isinstance(element, sa.Column) and element.table is own:
                return sa.UnaryExpression(element, operator=custom_op("+"), type_=element.type)
            return None

        led: sa.ColumnElement[bool] = replacement_traverse(on, {}, plain)
        return led

    def _found(self, shape: Shape) -> tuple[sa.ColumnElement[bool] | None, bool, bool]:
        """The condition of the search, and whether the store is to begin with keys, or with the index of numbers.

        A condition `IS TRUE` is one that no store looks up in an index.
        """
        plan, number = shape.plan, self.number
        if self.search is None or plan is None:
            return None, False, False
        if shape.use == "numbers" or (shape.sort.endswith(BY_NUMBER) and plan.is_by_number):
            assert number is not None
            return searching.begins(number, 0), False, True
        if shape.use in ("some words", "words"):
            most = searching.ENOUGH if shape.use == "some words" else None
            return searching.counting(self.search, plan, most=most), True, False
        if self._merges(shape):
            return self._merged(shape, plan), True, False
        return searching.condition(self.search, self.model, plan), not plan.is_walked, False

    def _merges(self, shape: Shape) -> bool:
        """Whether the rows that come next are read record by record: by (tenant_id, key, created_at, id)."""
        is_read = shape.use in ("page", "export") and not (shape.variants or shape.owners)
        if shape.plan is None or not shape.plan.is_few or not is_read:
            return False
        return bool(self.sort(shape.sort).column.key == "created_at")

    def _merged(self, shape: Shape, plan: Plan) -> sa.ColumnElement[bool]:
        """Among the rows that come next of each of the records with the words."""
        assert self.search is not None
        (by,) = (by for by in self.search.by if isinstance(by, Words))
        those = searching.with_words(by.kind, plan.word_count).limit(2 * searching.FEW_RECORDS).subquery()
        of_each = sa.select(self.model.id).where(
            self.model.tenant_id == _TENANT, by.key == those.c.record_id, *self.where
        )
        of_each = self._from_edge(of_each, shape).correlate(those)
        if searching.store() == "postgresql":
            each = of_each.lateral()
            return self.model.id.in_(sa.select(each.c.id).select_from(those).join(each, sa.true()))
        one = aliased(self.model)
        return self.model.id.in_(sa.select(one.id).select_from(those).join(one, one.id.in_(of_each)))
