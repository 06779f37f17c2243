"""Cursors of lists that people read: where a page begins, signed, so that an edited one is refused.

A cursor holds the sorted column's value and the id at the edge of a page. It
is bound to the tenant, the list and the order it came from.
"""

import base64
import binascii
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.kernel import crypto, tenancy
from app.kernel.paging import BadCursor

LONGEST = 4000
_MAC_BYTES = 15  # a multiple of three: base64 leaves no bit that could be altered unseen
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Edge(NamedTuple):
    """The first or last row of a page."""

    is_back: bool
    """Whether the page wanted ends before this row instead of beginning after it."""
    value: Any
    """Of the column that the list is sorted by: a moment, a whole number or a text."""
    row_id: UUID


def write(purpose: str, edge: Edge) -> str:
    """The cursor as it stands in an address. `purpose` names list and order."""
    value = edge.value
    if isinstance(value, datetime):
        value = {"at": (value - _EPOCH) // timedelta(microseconds=1)}
    packed = json.dumps([int(edge.is_back), edge.row_id.hex, value], separators=(",", ":")).encode()
    packed += b" " * (-len(packed) % 3)
    return base64.urlsafe_b64encode(_mac(purpose, packed) + packed).decode()


def read(purpose: str, cursor: str) -> Edge:
    """What `write` wrote for the same tenant and purpose.

    Raises:
        BadCursor: it was altered, or made for another list, order or tenant.
    """
    try:
        raw = base64.b64decode(cursor[: LONGEST + 1].encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadCursor() from problem
    mac, packed = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if len(cursor) > LONGEST or not hmac.compare_digest(mac, _mac(purpose, packed)):
        raise BadCursor()
    is_back, row_id, value = json.loads(packed)
    if isinstance(value, dict):
        value = _EPOCH + timedelta(microseconds=value["at"])
    return Edge(bool(is_back), value, UUID(row_id))


def _mac(purpose: str, packed: bytes) -> bytes:
    return crypto.mac(f"cursor/{tenancy.current().hex}/{purpose}", packed)[:_MAC_BYTES]
