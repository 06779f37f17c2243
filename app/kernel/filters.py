"""What a list is narrowed by: each reads its part of the address and knows its condition.

What makes no sense is left out, whatever it is: a filter never fails.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.kernel import ids
from app.kernel.columns import Id, UtcDateTime

NOW = sa.bindparam("now", type_=UtcDateTime())
"""The moment at which a list is read, for conditions such as `Invoice.due_at <= NOW`."""
LONGEST = 100
_GREATEST = 2**63 - 1


class Reading(NamedTuple):
    """What one filter made of the address."""

    said: str
    """As the form and the next address say it."""
    variant: str = ""
    """Which condition it is, where the filter has several: part of what a statement is kept by."""
    bound: Any = None
    """The parameter of the condition."""


class Reader(Protocol):
    """Reads one field of an address."""

    @property
    def name(self) -> str:
        """Of the field."""

    def read(self, given: str, zone: str) -> Reading | None:
        """What the address says, or None where that is nothing."""


class Filter(Reader, Protocol):
    """One way to narrow a list."""

    def condition(self, variant: str) -> sa.ColumnElement[bool]:
        """The condition; its parameter is called like `parameter(name)`."""


def parameter(name: str) -> str:
    """What the parameter of the filter `name` is called."""
    return f"by_{name}"


def clean(given: str) -> str:
    """A line of text as a person could have typed it: printable, of sane length."""
    return "".join(letter for letter in given[: 4 * LONGEST] if letter.isprintable()).strip()[:LONGEST]


@dataclass(frozen=True)
class Exact:
    """The column is what is asked for: a text, an id or a whole number, as the column is."""

    name: str
    column: Any
    allowed: Collection[str] | None = None
    """What may be asked for; None is anything."""

    def read(self, given: str, _zone: str) -> Reading | None:
        said = clean(given)
        if not said or (self.allowed is not None and said not in self.allowed):
            return None
        bound = self._value(said)
        return None if bound is None else Reading(said, bound=bound)

    def _value(self, said: str) -> Any:
        if isinstance(self.column.type, Id):
            return ids.parse_id(said)
        if isinstance(self.column.type, sa.Integer):
            return int(said) if said.isascii() and said.isdigit() and int(said) <= _GREATEST else None
        return said

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        found: sa.ColumnElement[bool] = self.column == sa.bindparam(parameter(self.name), type_=self.column.type)
        return found


@dataclass(frozen=True)
class _Day:
    """A day, `2026-11-20`, as the tenant's calendar has it; compared `edge` days after its start."""

    name: str
    column: Any
    edge: ClassVar[int] = 0

    def read(self, given: str, zone: str) -> Reading | None:
        day = _day(given)
        return None if day is None else Reading(day.isoformat(), bound=_start(day + timedelta(days=self.edge), zone))

    @property
    def moment(self) -> sa.BindParameter[datetime]:
        """The parameter of the condition."""
        return sa.bindparam(parameter(self.name), type_=UtcDateTime())


class Since(_Day):
    """The moment is on or after a day."""

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        found: sa.ColumnElement[bool] = self.column >= self.moment
        return found


class Until(_Day):
    """The moment is on or before a day, the whole of it."""

    edge = 1

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        found: sa.ColumnElement[bool] = self.column < self.moment
        return found


@dataclass(frozen=True)
class Given:
    """A condition that is on or off: `?overdue=1`."""

    name: str
    when: sa.ColumnElement[bool]

    def read(self, given: str, _zone: str) -> Reading | None:
        return Reading("1") if given == "1" else None

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        return self.when


@dataclass(frozen=True)
class Choice:
    """One of several conditions by its name: states that are no column, such as `overdue` among statuses."""

    name: str
    conditions: Mapping[str, sa.ColumnElement[bool]]

    def read(self, given: str, _zone: str) -> Reading | None:
        return Reading(given, variant=given) if given in self.conditions else None

    def condition(self, variant: str) -> sa.ColumnElement[bool]:
        return self.conditions[variant]


@dataclass(frozen=True)
class Contains:
    """Any of the columns contains what was typed. For some hundred rows, which no index would help."""

    name: str
    columns: tuple[Any, ...]

    def read(self, given: str, _zone: str) -> Reading | None:
        said = clean(given)
        escaped = said.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return Reading(said, bound=f"%{escaped}%") if said else None

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        typed = sa.bindparam(parameter(self.name), type_=sa.Text())
        return sa.or_(*[sa.func.lower(column).like(typed, escape="\\") for column in self.columns])


def _day(given: str) -> date | None:
    """The day that is meant; far ones are left out, since no calendar reaches them in every time zone."""
    try:
        day = date.fromisoformat(given[:10]) if len(given) == 10 else None
    except ValueError:
        return None
    return day if day is not None and 1900 <= day.year <= 2999 else None


def _start(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
