"""The log's part in every unit of work: it notes what is flushed, and before the commit writes what was to be told.

Nothing changes without a row: what no verb named gets one of its own.
"""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.session import SessionTransaction

from app.features.audit import lines
from app.features.audit.changes import COMPUTED, Notes, columns_of
from app.features.audit.lines import Line
from app.features.audit.models import AuditLog
from app.features.audit.watched import ALWAYS_QUIET
from app.kernel import access, db
from app.kernel.db import PanelSession


class Unnamed(RuntimeError):
    """A statement changed many rows, or past the unit of work, and no verb said so in the log."""


class Strict:
    """Whether a bulk statement that nobody named is refused: in tests. Else it gets a row of its own."""

    is_on = False


@dataclass
class Bulk:
    """A statement that changed rows past the unit of work."""

    kind: str
    told_by: frozenset[str]
    """The types of which a verb must say something."""
    verb: str
    values: dict[str, Any]


@dataclass
class Unit:
    """What one unit of work has to tell."""

    lines: list[Line] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    bulk: list[Bulk] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """The types of which a verb said something."""
    marks: dict[SessionTransaction, tuple[list[Line], Notes, list[Bulk]]] = field(default_factory=dict)
    """How it was at the beginning of each savepoint."""
    ended: tuple[SessionTransaction, tuple[list[Line], Notes, list[Bulk]]] | None = None
    """The savepoint that has just ended: whether it was taken back is said a moment later."""


def current() -> Unit:
    """That of the open unit of work."""
    return _of(db.session())


def _of(session: Session) -> Unit:
    found = session.info.get("audit")
    if found is None:
        found = session.info["audit"] = Unit()
    assert isinstance(found, Unit)
    return found


def tell(line: Line) -> None:
    """Write `line` at the end of this unit of work, with all that changed on its record so far."""
    session = db.session()
    unit = _of(session)
    unit.named.add(line.kind)
    if line.record_id is not None:
        change = unit.notes.take(session, line.record_id)
        if change is not None:
            line.add(change)
        for part in unit.notes.parts_of(line.kind, line.record_id):
            line.add_part(part)
    unit.lines.append(line)


def write_out() -> None:
    """Write what is held, now: somebody is about to read the log."""
    _write_out(current())


def _write_out(unit: Unit) -> None:
    held, unit.lines = unit.lines, []
    if held:
        lines.write(held)


@event.listens_for(PanelSession, "after_flush")
def _note(session: PanelSession, _context: UOWTransaction) -> None:
    notes = _of(session).notes
    notes.note(session.new, is_new=True)
    notes.note(session.dirty)
    notes.note(session.deleted, is_gone=True)
    notes.flushed()


@event.listens_for(PanelSession, "before_commit")
def _finish(session: PanelSession) -> None:
    """Tell what nobody named, and write it all with one statement."""
    if not session.info["write"] or session.in_nested_transaction():
        return
    session.flush()
    unit = session.info.get("audit")
    if unit is None or not (unit.lines or unit.notes.untold or unit.bulk):
        return
    _add_unnamed(unit)
    _check_bulk(unit)
    held = unit.lines
    session.info["audit"] = None
    lines.write(held)


def _add_unnamed(unit: Unit) -> None:
    """What was flushed after its verb spoke belongs to that verb; the rest gets rows of its own."""
    by_record = {line.record_id: line for line in unit.lines if line.record_id is not None}
    changes = list(unit.notes.untold.values())
    unit.notes.untold.clear()
    for change in sorted(changes, key=lambda one: bool(one.parent_id)):
        own = by_record.get(change.record_id)
        parent = by_record.get(change.parent_id) if change.parent_id is not None else None
        if own is not None:
            own.add(change)
        elif parent is not None:
            parent.add_part(change)
        else:
            line = lines.of_change(change, actor=access.actor())
            by_record[change.record_id] = line
            unit.lines.append(line)


def _check_bulk(unit: Unit) -> None:
    for bulk in unit.bulk:
        if bulk.told_by & unit.named:
            continue
        if Strict.is_on:
            raise Unnamed(f"a bulk {bulk.verb.lower()} of {bulk.kind} rows without audit.record(...) beside it")
        unit.lines.append(Line(f"RECORD_{bulk.verb}", bulk.kind, None, after=bulk.values))
        unit.named.add(bulk.kind)


@event.listens_for(PanelSession, "do_orm_execute")
def _watch(state: ORMExecuteState) -> Any:
    unit = state.session.info.get("audit")
    if unit is not None and unit.lines and _reads_log(state):
        _write_out(unit)
    if state.is_select or not (state.is_update or state.is_delete or state.is_insert):
        return None
    bulk = _bulk_of(state)
    if bulk is None:
        return None
    result: Any = state.invoke_statement()
    if getattr(state.statement, "_returning", ()):
        frozen = result.freeze()
        result = frozen()
        count = len(frozen.data)
    else:
        count = getattr(result, "rowcount", 1)  # what inserts many rows at once does not count them
    if count:
        _of(state.session).bulk.append(bulk)
    return result


def _reads_log(state: ORMExecuteState) -> bool:
    return not state.is_orm_statement or any(mapper.class_ is AuditLog for mapper in state.all_mappers)


def _bulk_of(state: ORMExecuteState) -> Bulk | None:
    mapper = state.bind_mapper
    columns = columns_of(mapper.class_) if mapper is not None else None
    if columns is None:
        return None
    verb = "UPDATED" if state.is_update else "DELETED" if state.is_delete else "CREATED"
    given: Any = getattr(state.statement, "_values", None) or {}
    values = {getattr(column, "key", str(column)): _value(value) for column, value in given.items()}
    if state.is_update and not set(values) - columns.watched.quiet - ALWAYS_QUIET:
        return None
    watched = columns.watched
    return Bulk(watched.name, watched.told_by | {watched.name, watched.part_of[0]}, verb, values)


def _value(value: Any) -> Any:
    return value.value if isinstance(value, sa.BindParameter) else COMPUTED


@event.listens_for(PanelSession, "after_transaction_create")
def _mark(session: PanelSession, transaction: SessionTransaction) -> None:
    if transaction.nested:
        unit = _of(session)
        unit.marks[transaction] = (list(unit.lines), unit.notes.copy(), list(unit.bulk))


@event.listens_for(PanelSession, "after_soft_rollback")
def _go_back(session: PanelSession, transaction: SessionTransaction) -> None:
    """What a savepoint takes back was never to be told; what was written inside it is held again."""
    session.info.pop("person_keys", None)
    unit = session.info.get("audit")
    if unit is None:
        return
    if not transaction.nested:
        session.info["audit"] = None
    elif unit.ended is not None and unit.ended[0] is transaction:
        unit.lines, unit.notes, unit.bulk = unit.ended[1]


@event.listens_for(PanelSession, "after_transaction_end")
def _unmark(session: PanelSession, transaction: SessionTransaction) -> None:
    unit = session.info.get("audit")
    if unit is not None and transaction in unit.marks:
        unit.ended = transaction, unit.marks.pop(transaction)
