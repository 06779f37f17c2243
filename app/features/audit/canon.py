"""A row of the log and a seal as bytes, the same on every store and for ever: what hashes are made of."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

LOADED = "(demo)"
"""The request id of rows that `mpanel demo` loaded: they speak of days before they were written."""

COLUMNS = (
    "id", "tenant_id", "position", "created_at", "actor_user_id", "actor_key_id", "impersonator_user_id", "action",
    "resource_type", "resource_id", "severity", "description", "state_before", "state_after", "personal",
    "personal_key_id", "request_id", "is_gdpr", "is_pci",
)  # fmt: skip
"""Every column of a row, in the order in which they are hashed."""

GENESIS = bytes(32)
"""Stands for the seal before a tenant's first."""
_VERSION = b"mpanel audit seal 1\n"
MEMBER = 24
"""Bytes that a seal keeps of each row: 16 of its id, 8 of its hash."""


def of(value: Any) -> bytes:
    """One value: how long it is, then itself. Nothing and an empty text are not the same."""
    if value is None:
        return b"-"
    raw = _raw(value)
    return b"%d:%b" % (len(raw), raw)


def _raw(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").encode()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return str(int(value)).encode()  # a number, or a truth


def row_hash(row: Sequence[Any]) -> bytes:
    """The hash of one row, its values in the order of `COLUMNS`."""
    return hashlib.sha256(b"".join(map(of, row))).digest()


def rows_hash(hashes: Sequence[bytes]) -> bytes:
    """The hash of a segment's rows."""
    return hashlib.sha256(b"".join(hashes)).digest()


def member(row_id: UUID, digest: bytes) -> bytes:
    """What a seal keeps of a row, to name it should it change."""
    return row_id.bytes + digest[:8]


def seal_hash(seal: Any) -> bytes:
    """The hash of a seal: its segment, chained to the hash of the seal before."""
    return hashlib.sha256(
        _VERSION
        + b"".join(
            map(
                of,
                (
                    seal.previous_hash, seal.tenant_id, seal.number, seal.first_position, seal.last_position,
                    seal.count, seal.oldest_at, seal.newest_at, seal.created_at, seal.rows_hash,
                ),
            )
        )
    ).digest()  # fmt: skip
