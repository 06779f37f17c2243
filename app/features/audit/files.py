"""Rows of the log as a file: CSV that no spreadsheet takes for formulas, or JSON. Read in short reads, told at its end.

A file that is whole says so in its last line, with the number of its rows; one that broke off says that.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import reading
from app.features.audit.listing import T
from app.features.audit.personals import Personal, Reader
from app.features.audit.telling import together
from app.kernel import clock, db, spreadsheet, tenancy, wholeness
from app.kernel.asked import Asked
from app.kernel.columns import Id

KINDS = {"csv": ("CSV", "text/csv"), "json": ("JSON", "application/json")}
CHOICES = tuple((kind, label) for kind, (label, _mimetype) in KINDS.items())
HEAD = (
    "time", "severity", "action", "resource type", "resource id", "who", "user id", "acting staff", "acting staff id",
    "api key id", "address", "user agent", "request id", "gdpr", "pci", "description", "before", "after", "erased",
    "id",
)  # fmt: skip
FIELDS = tuple(name.replace(" ", "_") for name in HEAD)
AT_ONCE = 100
"""Rows of one read: a piece of the file."""
_RISKY = frozenset("'=+-@\t\r\n＝＋－＠")
_TRUTH = ("no", "yes")


class File:
    """One file of what `asked` narrows the log to, as the tenant that is set when it is made."""

    def __init__(self, asked: Asked, kind: str) -> None:
        self.asked, self.kind, self.tenant_id = asked, kind, tenancy.current()
        self.row_count = 0
        self.at: datetime | None = None
        """The moment of the last row that was written."""
        self._reader = Reader()

    @property
    def name(self) -> str:
        """What it is called when it is kept."""
        return f"audit-{clock.now():%Y-%m-%d}.{self.kind}"

    @property
    def mimetype(self) -> str:
        """Its media type."""
        return KINDS[self.kind][1]

    def parts(self) -> Iterator[bytes]:
        """The file, a piece at a time; what is read later is not in memory yet."""
        return wholeness.to_the_end(self._pieces(), done=self._done, failed=self._failed)

    def _pieces(self) -> Iterator[bytes]:
        yield self._head()
        make = self._csv if self.kind == "csv" else self._json
        for batch in reading.walk(self.asked, _columns(), tenant_id=self.tenant_id, at_once=AT_ONCE):
            with tenancy.as_tenant(self.tenant_id), db.transaction(write=False):
                self._reader.learn({row.personal_key_id for row in batch})
            yield make([self._values(row) for row in batch])
            self.row_count += len(batch)
            self.at = batch[-1].created_at

    def _head(self) -> bytes:
        if self.kind == "csv":
            return (spreadsheet.BYTE_ORDER_MARK + ",".join(HEAD) + "\r\n").encode()
        about = {"exported_at": clock.now().isoformat(), "filters": {k: v for k, v in self.asked.values.items() if v}}
        return (json.dumps(about)[:-1] + ',"rows":[').encode()

    def _done(self) -> bytes:
        if self.kind == "csv":
            return f"end of export,complete,{self.row_count} rows\r\n".encode()
        return f'\n],"row_count":{self.row_count},"complete":true}}\n'.encode()

    def _failed(self) -> bytes:
        if self.kind == "csv":
            return f"EXPORT FAILED,not complete,only {self.row_count} rows are here: export again\r\n".encode()
        return f'\n],"row_count":{self.row_count},"complete":false,"error":"The export broke off."}}\n'.encode()

    def _values(self, row: Any) -> tuple[Any, ...]:
        """In the order of `HEAD`; ids as texts, states as JSON."""
        (severity, action, kind, thing, user, staff, key, request, gdpr, pci, described, before, after, blob, key_id,
         at, row_id) = row  # fmt: skip
        personal = self._reader.read(row_id.bytes, blob, key_id)
        read = personal or {}
        if "before" in read or "after" in read:
            before, after = _merged(before, read.get("before")), _merged(after, read.get("after"))
        return (
            at.isoformat(), severity, action, kind, _spelled(thing), read.get("actor"), _spelled(user),
            read.get("impersonator"), _spelled(staff), _spelled(key), read.get("ip"), read.get("user_agent"), request,
            gdpr, pci, described, before, after, personal is None, str(row_id),
        )  # fmt: skip

    def _csv(self, batch: Sequence[tuple[Any, ...]]) -> bytes:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(map(_cells, batch))
        return buffer.getvalue().encode()

    def _json(self, batch: Sequence[tuple[Any, ...]]) -> bytes:
        begin = "\n" if self.row_count == 0 else ",\n"
        return (begin + ",\n".join(map(_object, batch))).encode()


def _cells(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """As they stand in CSV. Only what strangers choose is looked at: ids, actions and JSON never begin a formula."""
    (at, severity, action, kind, thing, who, user, staff, staff_id, key, ip, agent, request, gdpr, pci, described,
     before, after, erased, row_id) = values  # fmt: skip
    return (
        at, severity, action, kind, thing, _neutral(who), user, _neutral(staff), staff_id, key, _neutral(ip),
        _neutral(agent), _neutral(request), _TRUTH[gdpr], _TRUTH[pci], described, before, after, _TRUTH[erased], row_id,
    )  # fmt: skip


def _object(values: tuple[Any, ...]) -> str:
    """As a JSON object; its states are JSON already."""
    return "{" + ",".join(map(_pair, _NAMES, values)) + "}"


_NAMES = tuple(f'"{field}":' for field in FIELDS)
_STATES = frozenset({'"before":', '"after":'})


def _pair(name: str, value: Any) -> str:
    if value is None or value == "":
        return name + "null"
    if value is True or value is False:
        return name + ("true" if value else "false")
    return name + (value if name in _STATES else quoted(value))


def _neutral(text: Any) -> str | None:
    if not text:
        return None
    return spreadsheet.neutral(text) if text[0] in _RISKY else str(text)


def _merged(plain: str | None, personal: Personal | None) -> str | None:
    """A state with the fields of it that are personal."""
    whole = together(json.loads(plain) if plain else None, personal)
    return None if whole is None else json.dumps(whole)


def _columns() -> list[Any]:
    """What is read: states as text, and ids as the store hands them over, since nothing else is done with them."""
    names = ("severity", "action", "resource_type", "resource_id", "actor_user_id", "impersonator_user_id",
             "actor_key_id", "request_id", "is_gdpr", "is_pci", "description", "state_before", "state_after",
             "personal", "personal_key_id")  # fmt: skip
    return [_as_text(T.c[name]) if name.startswith("state_") else _as_it_is(T.c[name]) for name in names]


def _as_text(column: Any) -> Any:
    return sa.cast(column, sa.Text) if db.is_postgresql() else sa.type_coerce(column, sa.Text)


def _as_it_is(column: Any) -> Any:
    if column.key == "personal_key_id" or not isinstance(column.type, Id):
        return column
    return sa.type_coerce(column, sa.Uuid() if db.is_postgresql() else sa.LargeBinary())


@lru_cache(maxsize=10_000)
def _spelled(row_id: bytes | UUID | None) -> str | None:
    if row_id is None or isinstance(row_id, UUID):
        return None if row_id is None else str(row_id)
    digits = row_id.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
