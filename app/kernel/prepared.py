"""Statements that are asked at every request: compiled once, then handed to the driver with nothing between.

SQLAlchemy's own way to run a statement that it has compiled costs six times what SQLite takes to answer it. What is
kept here is its work all the same: its text, what it makes of each value on the way in and out, its errors.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

MOST_KEPT = 2000
_kept: dict[tuple[Any, str], "_Prepared"] = {}


class _Prepared:
    """One statement in the words of one store."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.order: list[str] | None = compiled.positiontup
        self.is_plain = not (compiled.post_compile_params or compiled.literal_execute_params)
        ways = {name: one.type.dialect_impl(dialect).bind_processor(dialect) for name, one in compiled.binds.items()}
        self.ways_in: dict[str, Callable[[Any], Any]] = {name: way for name, way in ways.items() if way is not None}
        self.fixed = {name: self._given(name, value) for name, value in compiled.params.items()}
        columns = list(statement.selected_columns)
        outs = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self.ways_out = [(place, way) for place, way in enumerate(outs) if way is not None]
        named: Any = namedtuple  # its names are known when it runs
        self.row: Callable[[Any], Any] = partial(
            tuple.__new__, named("Row", [column.key for column in columns], rename=True)
        )

    def _given(self, name: str, value: Any) -> Any:
        way = self.ways_in.get(name)
        return value if way is None or value is None else way(value)

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver takes: in the order of the text, or by name."""
        bound = self.fixed | {name: self._given(name, value) for name, value in given.items() if name in self.fixed}
        return bound if self.order is None else [bound[name] for name in self.order]

    def rows(self, cursor: DBAPICursor) -> list[Any]:
        """All rows, each with its columns by name. Values are made column by column, which a loop over cells is not."""
        found: Iterable[Any] = cursor.fetchall()
        if self.ways_out and found:
            columns: list[Iterable[Any]] = list(zip(*found, strict=True))
            for place, way in self.ways_out:
                columns[place] = map(way, columns[place])
            found = zip(*columns, strict=True)
        return list(map(self.row, found))


def fetch(connection: Connection, statement: Any, given: Mapping[str, Any]) -> list[Any]:
    """The rows of a statement that is made once and selects columns. For what only reads.

    Where somebody watches the engine's statements, it goes the ordinary way.
    """
    prepared = _of(statement, connection.dialect)
    if not prepared.is_plain or connection.dispatch.before_cursor_execute:
        return list(connection.execute(statement, dict(given)).all())
    if not connection.in_transaction():
        connection.begin()
    cursor = connection.connection.cursor()
    try:
        cursor.execute(prepared.text, prepared.values(given))
        return prepared.rows(cursor)
    except connection.dialect.loaded_dbapi.Error as problem:
        raise _told(connection, prepared.text, problem) from problem
    finally:
        cursor.close()


def _of(statement: Any, dialect: Dialect) -> _Prepared:
    found = _kept.get((statement, dialect.name))
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[statement, dialect.name] = _Prepared(statement, dialect)
    return found


def _told(connection: Connection, text: str, problem: Any) -> BaseException:
    """The driver's error as SQLAlchemy says it; a connection that is lost does not go back to the pool."""
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(problem, connection.connection, None)
    if is_lost:
        connection.invalidate(problem)
    told: BaseException = DBAPIError.instance(
        text,
        None,
        problem,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return told
