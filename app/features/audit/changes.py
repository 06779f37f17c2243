"""What a unit of work changes, noted as it is flushed, for the rows of the log: before and after, column by column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import LoaderCallableStatus

from app.features.audit.watched import ALWAYS_QUIET, WATCHED, Watched
from app.kernel.db import Base, PanelSession

COMPUTED = "[computed by the database]"
"""Stands for a value that the statement left to the database."""
State = dict[str, Any]


@dataclass
class Change:
    """What became of one record since it was last told: the columns that changed, or all of them."""

    watched: Watched
    record_id: UUID
    tenant_id: UUID
    parent_id: UUID | None
    person_id: UUID | None
    before: State | None
    """None: it was made."""
    after: State | None
    """None: it was removed."""

    def then(self, later: "Change") -> "Change | None":
        """Both as one; None when nothing is left of them."""
        if self.before is None and later.after is None:
            return None
        before, after = self.before, later.after
        if before is not None:
            before = {**(later.before or {}), **before}
        if after is not None:
            after = {**(self.after or {}), **after}
        return replace(later, before=before, after=after, person_id=later.person_id or self.person_id)

    def copy(self) -> "Change":
        """One that can go another way."""
        return replace(self, before=_copied(self.before), after=_copied(self.after))


def _copied(state: State | None) -> State | None:
    return None if state is None else dict(state)


class Columns(NamedTuple):
    """What is looked at in a mapped class."""

    watched: Watched
    names: tuple[str, ...]
    parent: str
    person: str


@dataclass
class Notes:
    """The changes of one unit of work that no row of the log has told yet."""

    untold: dict[UUID, Change] = field(default_factory=dict)
    told: dict[UUID, State] = field(default_factory=dict)
    """What a row told of a record before it was flushed."""

    def copy(self) -> "Notes":
        """As they are now, for a savepoint."""
        untold = {record_id: change.copy() for record_id, change in self.untold.items()}
        return Notes(untold, {record_id: dict(state) for record_id, state in self.told.items()})

    def note(self, rows: Iterable[object], *, is_new: bool = False, is_gone: bool = False) -> None:
        """Keep what is different in rows that are being flushed."""
        for row in rows:
            columns = columns_of(type(row))
            if columns is None:
                continue
            change = self._change(columns, row, is_new=is_new, is_gone=is_gone)
            if change is not None:
                self._add(change)

    def flushed(self) -> None:
        """All that was told beforehand is in the store now."""
        self.told.clear()

    def take(self, session: PanelSession, record_id: UUID) -> Change | None:
        """What changed on a record since it was last told, flushed or not. It is told now."""
        found = self.untold.pop(record_id, None)
        for rows, is_new in ((session.new, True), (session.dirty, False)):
            for row in rows:
                columns = columns_of(type(row))
                if columns is None or row.__dict__.get("id") != record_id:
                    continue
                change = self._change(columns, row, is_new=is_new)
                if change is not None:
                    self.told.setdefault(record_id, {}).update(change.after or {})
                    found = change if found is None else found.then(change)
        return found

    def parts_of(self, kind: str, record_id: UUID) -> list[Change]:
        """What changed on parts of a record, flushed before. It is told now."""
        found = [
            change
            for change in self.untold.values()
            if change.parent_id == record_id and change.watched.part_of[0] == kind
        ]
        for change in found:
            del self.untold[change.record_id]
        return found

    def _add(self, change: Change) -> None:
        known = self.untold.get(change.record_id)
        joined = change if known is None else known.then(change)
        if joined is None:
            del self.untold[change.record_id]
        else:
            self.untold[change.record_id] = joined

    def _change(self, columns: Columns, row: Any, *, is_new: bool, is_gone: bool = False) -> Change | None:
        values = row.__dict__
        record_id = values["id"]
        told = self.told.get(record_id)
        before: State | None = None
        after: State | None = None
        if is_gone:
            before = {name: values[name] for name in columns.names if values.get(name) is not None}
        elif is_new and told is None:
            after = {name: _plain(value) for name in columns.names if (value := values.get(name)) is not None}
        else:
            base = sa.inspect(row).committed_state if not is_new else {}
            before, after = _difference(columns.names, values, base, told or {})
            if not after:
                return None
            before = None if is_new and told is None else before
        tenant_id = record_id if columns.watched.name == "tenant" else values.get("tenant_id")
        return Change(
            columns.watched, record_id, tenant_id, values.get(columns.parent), values.get(columns.person),
            before, after,
        )  # fmt: skip


def _difference(
    names: tuple[str, ...], values: State, base: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[State, State]:
    """The columns that are other than they were told, else than the store had them."""
    before: State = {}
    after: State = {}
    for name in names:
        if name in told:
            old = told[name]
        elif name in base:
            old = base[name]
        else:
            continue
        new = _plain(values[name]) if name in values else COMPUTED
        if isinstance(old, LoaderCallableStatus):
            old = None
        if new != old:
            before[name], after[name] = old, new
    return before, after


def _plain(value: Any) -> Any:
    return COMPUTED if isinstance(value, sa.ClauseElement) else value


def columns_of(model: type) -> Columns | None:
    """What to look at in rows of a class; None where the log leaves them alone."""
    if model not in _known:
        _known[model] = _columns_of(model)
    return _known[model]


_known: dict[type, Columns | None] = {}


def _columns_of(model: type) -> Columns | None:
    table = getattr(model, "__table__", None)
    watched = WATCHED.get(table.name) if isinstance(table, sa.Table) and issubclass(model, Base) else None
    if watched is None:
        return None
    quiet = watched.quiet | ALWAYS_QUIET
    mapper: Any = sa.inspect(model)
    names = [attribute.key for attribute in mapper.column_attrs if attribute.key not in quiet]
    return Columns(watched, tuple(names), watched.part_of[1], watched.person)
