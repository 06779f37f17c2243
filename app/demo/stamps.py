"""Writing recorded acts again: other ids, names, moments, numbers and secrets in the same rows."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from app.demo.people import Person
from app.demo.recorder import GATEWAY, REFERENCES, SIGNS, Row, Take
from app.features.audit.models import PersonKey
from app.features.dashboard.models import FigureDelta
from app.features.payments.service import LABELS
from app.kernel import crypto
from app.kernel.db import Base
from app.kernel.ids import new_id

FIGURES, KEYS = FigureDelta.__tablename__, PersonKey.__tablename__


class CannotStamp(RuntimeError):
    """A service writes something that is not known here yet: say in `stamps` how it is made."""


@dataclass
class Life:
    """One customer as it is being written: who, which ids stand for the recorded ones, and where it is in time."""

    person: Person
    ids: dict[int, UUID] = field(default_factory=dict)
    """By their places in the recording."""
    written_ids: dict[int, Any] = field(default_factory=dict)
    """The same as the store's driver takes them."""
    secrets: dict[int, bytes] = field(default_factory=dict)
    """The unsealed keys, by their places."""
    written_moments: dict[tuple[str, timedelta], Any] = field(default_factory=dict)
    """Those of the present act that were asked for, as the store's driver takes them."""
    moments: Mapping[str, datetime] = field(default_factory=dict)
    number: str = ""
    sequence: int = 0
    gateway: str = ""
    reference: str = ""
    rows: dict[int, Row] = field(default_factory=dict)
    """What was written, by place."""

    def id_of(self, sheet: "Sheet", table: str) -> UUID:
        """The id of the one row that an act wrote into a table."""
        (place,) = [stamp.place for stamp in sheet.added if stamp.table == table]
        return self.ids[place]

    def word(self, name: str) -> str:
        """A field of the person; the four parts of the source by number."""
        if name.isdigit():
            return self.person.source[int(name)]
        return str(getattr(self.person, name))


Make = Callable[[Life], Any]
Written = Callable[[Any], Any]
"""Turns a value into what the store's driver takes."""


@dataclass(frozen=True)
class Stamp:
    """One row (or change of one): what is always the same, and how the rest is made."""

    table: str
    place: int
    """Of its id in the recording."""
    same: Row
    made: tuple[tuple[str, Make], ...]

    def press(self, life: Life) -> Row:
        """The values for this life."""
        row = self.same.copy()
        for name, make in self.made:
            row[name] = make(life)
        return row


@dataclass(frozen=True)
class Sheet:
    """One act, ready to be written again and again."""

    act: str
    new: tuple[int, ...]
    added: tuple[Stamp, ...]
    changed: tuple[Stamp, ...]
    gone: tuple[int, ...]
    figures: tuple[tuple[str, str, int], ...]
    """Name, currency and amount of what counts."""


def cut(take: Take, dialect: Dialect, known: dict[UUID, int]) -> Sheet:
    """Make stamps of a take. `known` are the places of the ids that the acts before it wrote; its own are added.

    Raises:
        CannotStamp: it holds something of which nobody knows how it comes about.
    """
    for _table, recorded, _row in take.added:
        known.setdefault(recorded, len(known))
    cutter = _Cutter(take, dialect, known)
    added = [one for one in take.added if one[0] != FIGURES]
    added.sort(key=lambda one: one[0] != KEYS)  # a key is there before what is encrypted with it
    figures = tuple((row["name"], row["currency"], row["amount"]) for table, _id, row in take.added if table == FIGURES)
    return Sheet(
        act=take.act,
        new=tuple(known[recorded] for _table, recorded, _row in added),
        added=tuple(cutter.stamp(*one) for one in added),
        changed=tuple(cutter.stamp(*one) for one in take.changed),
        gone=tuple(known[recorded] for _table, recorded in take.gone),
        figures=figures,
    )


_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00"
_LABEL = LABELS[GATEWAY]
_WORDS = {
    **{value: name for name, value in SIGNS.__dict__.items() if name != "source" and name != "country"},
    **{value: str(at) for at, value in enumerate(SIGNS.source)},
}
"""Which field of a person each sign stands for."""


class _Cutter:
    """Finds in recorded values what stands for something else."""

    def __init__(self, take: Take, dialect: Dialect, known: dict[UUID, int]) -> None:
        self._take, self._dialect, self._known = take, dialect, known
        words = [*_WORDS, *(word.lower() for word in _WORDS), *REFERENCES, *([take.number] if take.number else [])]
        found = "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))
        self._token = re.compile(rf"({_ID}|{_MOMENT}|{found}|\b{SIGNS.country}\b|{_LABEL}|\b{GATEWAY}\b)")
        self._written: dict[sa.Column[Any], Written] = {}

    def stamp(self, table: str, recorded: UUID, row: Row) -> Stamp:
        """The stamp of one row."""
        columns = Base.metadata.tables[table].c
        same: Row = {}
        made: list[tuple[str, Make]] = []
        for name, value in row.items():
            found = self._make(table, columns[name], recorded, row, value)
            if callable(found):
                made.append((name, found))
            else:
                same[name] = found
        if table == KEYS:
            made.append(("sealed_key", _new_key(self._known[recorded])))
        return Stamp(table, self._known[recorded], same, tuple(made))

    def _make(self, table: str, column: sa.Column[Any], recorded: UUID, row: Row, value: Any) -> Any:
        """What stands in the column of every life, or a function that makes it."""
        if value is None:
            return None
        if isinstance(column.type, sa.JSON):
            return self._text(json.dumps(value), is_json=True)
        written = self._writer(column)
        if isinstance(value, UUID):
            return self._id(value, written)
        if isinstance(value, datetime):
            return self._written_moment(value, written)
        if isinstance(value, bytes):
            return self._secret(table, column.name, recorded, row, value)
        if isinstance(value, str):
            return self._text(value)
        if (table, column.name) == ("invoices", "sequence"):
            return lambda life: life.sequence
        return written(value)

    def _writer(self, column: sa.Column[Any]) -> Written:
        if column not in self._written:
            found = column.type.dialect_impl(self._dialect).bind_processor(self._dialect)
            self._written[column] = found or (lambda value: value)
        return self._written[column]

    def _id(self, value: UUID, written: Written) -> Any:
        place = self._known.get(value)
        return written(value) if place is None else (lambda life: life.written_ids[place])

    def _moment(self, value: datetime) -> tuple[str, timedelta]:
        """One of the act's moments, or a fixed time after the act."""
        for name, moment in self._take.moments.items():
            if moment == value:
                return name, timedelta()
        return "now", value - self._take.moments["now"]

    def _written_moment(self, value: datetime, written: Written) -> Make:
        asked = name, after = self._moment(value)

        def make(life: Life) -> Any:
            found = life.written_moments.get(asked)
            if found is None:
                found = life.written_moments[asked] = written(life.moments[name] + after)
            return found

        return make

    def _text(self, value: str, *, is_json: bool = False) -> Any:
        """A text with what stands for something else replaced."""
        parts = self._token.split(value)
        made: list[str | Callable[[Life], str]] = []
        for at, part in enumerate(parts):
            found = self._part(part, is_json=is_json, is_whole=len(value) == len(part)) if at % 2 else part
            if found:
                made.append(found)
        if all(isinstance(part, str) for part in made):
            return value
        if len(made) == 1:
            return made[0]
        return lambda life: "".join([part if isinstance(part, str) else part(life) for part in made])

    def _part(self, part: str, *, is_json: bool, is_whole: bool) -> str | Callable[[Life], str]:
        inner = (lambda text: json.dumps(text)[1:-1]) if is_json else str
        if re.fullmatch(_ID, part):
            place = self._known.get(UUID(part))
            return part if place is None else (lambda life: str(life.ids[place]))
        if re.fullmatch(_MOMENT, part):
            asked, after = self._moment(datetime.fromisoformat(part))
            return lambda life: (life.moments[asked] + after).isoformat()
        if part in REFERENCES:
            return lambda life: life.reference
        if part in (GATEWAY, _LABEL):
            return lambda life: life.gateway if part == GATEWAY else LABELS[life.gateway]
        if part == self._take.number:
            return lambda life: life.number
        if part == SIGNS.country:
            return (lambda life: life.person.country) if is_json or is_whole else part
        if part in _WORDS:
            name = _WORDS[part]
            return lambda life: inner(life.word(name))
        name = next(name for word, name in _WORDS.items() if word.lower() == part)
        return lambda life: inner(life.word(name).lower())

    def _secret(self, table: str, column: str, recorded: UUID, row: Row, value: bytes) -> Any:
        if (table, column) == (KEYS, "sealed_key"):
            return None  # made by `_new_key`
        if (table, column) == ("service_accesses", "sealed"):
            text = self._as_maker(self._text(crypto.unseal(value).decode(), is_json=True))
            return lambda life: crypto.seal(text(life).encode())
        if (table, column) == ("audit_logs", "personal"):
            return self._personal(recorded, row["personal_key_id"])
        raise CannotStamp(f"{table}.{column}")

    def _personal(self, recorded: UUID, key_id: UUID) -> Make:
        """The personal part of an audit row, encrypted for this life's row with this life's key."""
        secret, plain = self._take.opened[recorded]
        text = self._as_maker(self._text(plain, is_json=True))
        place, key = self._known[recorded], self._known.get(key_id)
        if key is None:
            return lambda life: crypto.encrypt(secret, text(life).encode(), life.ids[place].bytes)
        return lambda life: crypto.encrypt(life.secrets[key], text(life).encode(), life.ids[place].bytes)

    @staticmethod
    def _as_maker(found: Any) -> Callable[[Life], str]:
        return found if callable(found) else (lambda _life: found)


def _new_key(place: int) -> Make:
    def make(life: Life) -> bytes:
        secret = life.secrets[place] = crypto.new_data_key()
        return crypto.seal(secret)

    return make


def begin(sheet: Sheet, life: Life, moments: Mapping[str, datetime], *, as_bytes: bool) -> None:
    """Begin an act: it has its moments, and its rows have ids."""
    life.moments = moments
    life.written_moments.clear()
    for place in sheet.new:
        found = life.ids[place] = new_id()
        life.written_ids[place] = found.bytes if as_bytes else found
