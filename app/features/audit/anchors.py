"""The heads of the chains, kept outside the database: a file that is only ever added to, and a line in the log.

Whoever can bend the whole database cannot bend a copy of this file that stands elsewhere: the operator may copy
`audit-anchors.log` of the data folder to wherever they trust, at any time.
"""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from app.config import current as settings
from app.kernel import logs

NAME = "audit-anchors.log"
_log = logs.get("audit")
_lock = threading.Lock()


@dataclass(frozen=True)
class Anchor:
    """The newest seal of a tenant, as it was at a moment."""

    tenant_id: UUID
    number: int
    count: int
    hash: bytes
    at: datetime
    reason: str = ""
    """Why everything before is not to be compared any more; empty: it is."""


def path() -> Path:
    """Where the file stands."""
    return settings().data / NAME


def is_known(tenant_id: UUID, number: int) -> bool:
    """Whether this process knows that the tenant's seal of this number was written down."""
    with _lock:
        if _Heads.file != path():
            _Heads.file, _Heads.numbers = path(), {}
            for _at, anchor in _lines(""):
                _Heads.numbers[anchor.tenant_id] = anchor.number
        return _Heads.numbers.get(tenant_id, 0) >= number


class _Heads:
    """What this process has read of the file or written to it."""

    file: Path | None = None
    numbers: dict[UUID, int] = {}


def add(anchor: Anchor) -> None:
    """Write it down, to the disk."""
    line = {
        "tenant": str(anchor.tenant_id),
        "number": anchor.number,
        "count": anchor.count,
        "hash": anchor.hash.hex(),
        "at": anchor.at.isoformat(),
    } | ({"reason": anchor.reason} if anchor.reason else {})
    with _lock:
        file = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, (json.dumps(line) + "\n").encode())
            os.fsync(file)
        finally:
            os.close(file)
        _Heads.numbers[anchor.tenant_id] = anchor.number
    _log.info("audit log sealed", **line)


def of(tenant_id: UUID) -> Iterator[Anchor]:
    """A tenant's anchors since the last one with a reason, oldest first. A line that says nothing is passed over."""
    wanted = str(tenant_id)
    begin = 0
    for at, anchor in _lines(wanted):
        if anchor.reason:
            begin = at
    for at, anchor in _lines(wanted):
        if at >= begin:
            yield anchor


def _lines(tenant: str) -> Iterator[tuple[int, Anchor]]:
    try:
        file = path().open("rb")
    except FileNotFoundError:
        return
    with file:
        for at, raw in enumerate(file):
            if tenant.encode() in raw and (anchor := _read(raw)) is not None:
                yield at, anchor


def _read(raw: bytes) -> Anchor | None:
    try:
        line = json.loads(raw)
        return Anchor(
            UUID(line["tenant"]), int(line["number"]), int(line["count"]), bytes.fromhex(line["hash"]),
            datetime.fromisoformat(line["at"]), str(line.get("reason", "")),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None  # half a line of a process that died, or not ours
