"""Pages by key, not by offset: flat to a million rows, and no row is shown twice or missed.

The key is (created_at, id), newest first. A cursor is opaque and signed, bound
to the list it came from; an altered one is refused.
"""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from app.kernel import crypto, db
from app.kernel.columns import Id, UtcDateTime
from app.kernel.db import Record
from app.kernel.errors import Refusal
from app.kernel.schemas import Query

Item = TypeVar("Item")
Other = TypeVar("Other")

LARGEST = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAYOUT = struct.Struct(">cq16s")
_MAC_BYTES = 14  # with the layout a multiple of three bytes: base64 leaves no bit that could be altered unseen


class BadCursor(Refusal):
    """The cursor was altered, or belongs to another list: 400."""

    status, code, text = 400, "bad_cursor", "That cursor is not one of ours. Start again at the first page."


class PageQuery(Query):
    """The parameters that every list takes."""

    cursor: Annotated[
        str | None, Field(max_length=200, description="`next_cursor` or `previous_cursor` of a page before.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=LARGEST, description="Entries on one page.")] = 50


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list, with the cursors of its neighbours."""

    items: list[Item]
    next_cursor: str | None = None
    previous_cursor: str | None = None
    total: int | None = None
    """How many there are in all, where that is known without counting."""
    order: str = ""
    """What comes first, where that is not what was asked for."""

    def showing(self, items: list[Other]) -> "Page[Other]":
        """The same page with its items as somebody else sees them."""
        return Page(items, self.next_cursor, self.previous_cursor, self.total, self.order)


def page(
    statement: sa.Select[*tuple[Any, ...]],
    model: type[Record],
    *,
    cursor: str | None = None,
    limit: int = 50,
    oldest_first: bool = False,
    total: int | None = None,
) -> Page[Any]:
    """One page of `statement`, which selects `model` or columns and is not yet ordered.

    The items are the entity where only one thing is selected, else the rows'
    columns as a tuple. One query, whatever the size of the table.

    Raises:
        BadCursor: `cursor` is not one that this list gave.
    """
    limit = max(1, min(limit, LARGEST))
    backwards, position = _read(cursor, model) if cursor else (False, None)
    falling = oldest_first is backwards
    key = sa.tuple_(model.created_at, model.id)
    if position is not None:
        edge = sa.tuple_(sa.literal(position[0], UtcDateTime()), sa.literal(position[1], Id()))
        statement = statement.where(key < edge if falling else key > edge)
    order = (model.created_at.desc(), model.id.desc()) if falling else (model.created_at, model.id)
    statement = statement.add_columns(model.created_at, model.id).order_by(*order).limit(limit + 1)
    rows = list(db.session().execute(statement).all())
    has_more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    keys = [(row[-2], row[-1]) for row in rows]
    is_first = not has_more if backwards else position is None
    return Page(
        items=[row[0] if len(row) == 3 else tuple(row[:-2]) for row in rows],
        next_cursor=_write(model, keys[-1], backwards=False) if keys and (has_more or backwards) else None,
        previous_cursor=_write(model, keys[0], backwards=True) if keys and not is_first else None,
        total=total,
    )


def _write(model: type[Record], key: tuple[datetime, UUID], *, backwards: bool) -> str:
    microseconds = (key[0] - _EPOCH) // timedelta(microseconds=1)
    packed = _LAYOUT.pack(b"p" if backwards else b"n", microseconds, key[1].bytes)
    return base64.urlsafe_b64encode(packed + _mac(model, packed)).rstrip(b"=").decode()


def _read(cursor: str, model: type[Record]) -> tuple[bool, tuple[datetime, UUID]]:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadCursor() from problem
    packed, mac = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    if len(packed) != _LAYOUT.size or not hmac.compare_digest(mac, _mac(model, packed)):
        raise BadCursor()
    direction, microseconds, row_id = _LAYOUT.unpack(packed)
    return direction == b"p", (_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=row_id))


def _mac(model: type[Record], packed: bytes) -> bytes:
    return crypto.mac(f"cursor/{model.__tablename__}", packed)[:_MAC_BYTES]
