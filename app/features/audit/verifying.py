"""Proving that the log is as it was written: every seal, every row under it, and the heads that were kept outside."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import anchors, canon, sealing
from app.features.audit.anchors import Anchor
from app.features.audit.models import AuditSeal
from app.kernel import db, prepared, tenancy
from app.kernel.columns import Id

AT_ONCE = 50
"""Seals that are read at once."""
LATE = timedelta(hours=1)
"""A row that says it is so much older than what was written before it has been slipped in."""
KEPT_AT_LEAST = timedelta(days=365)
"""No segment is released before, whoever asks: the database refuses it."""

_SEALS = tenancy.named(
    sa.select(*AuditSeal.__table__.columns)
    .where(
        AuditSeal.tenant_id == sa.bindparam("tenant", type_=Id()),
        AuditSeal.number > sa.bindparam("after", type_=sa.BigInteger()),
    )
    .order_by(AuditSeal.number)
    .limit(AT_ONCE),
    "bound to the tenant that is set",
)


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written."""

    kind: str
    """altered, removed, inserted, swapped, reordered, seal, tail or anchor."""
    text: str
    segment: int | None = None
    row_id: UUID | None = None


@dataclass
class Result:
    """What the walk over one tenant's log found."""

    segments: int = 0
    rows: int = 0
    released: int = 0
    """Segments whose rows retention has dropped."""
    loaded: int = 0
    """Rows that `mpanel demo` loaded."""
    unsealed: int = 0
    findings: list[Finding] = field(default_factory=list)
    """The first of each segment."""

    @property
    def summary(self) -> str:
        """What was looked at, in one line."""
        parts = [f"{self.rows:,} rows in {self.segments:,} segments"]
        if self.released:
            parts.append(f"the rows of {self.released:,} dropped by retention")
        if self.loaded:
            parts.append(f"{self.loaded:,} rows loaded by mpanel demo")
        if self.unsealed:
            parts.append(f"{self.unsealed:,} rows not sealed yet")
        return "; ".join(parts) + (", as they were written." if not self.findings else ".")


def verify(*, most: int = 20) -> Result:
    """Walk the log of the tenant that is set, in constant memory. After `most` findings it stops."""
    return _Walk(most).go()


class _Walk:
    def __init__(self, most: int) -> None:
        self.result = Result()
        self._most = most
        self._hash, self._position, self._number = canon.GENESIS, -sealing.EVERYTHING, 0
        self._high: datetime | None = None
        self._anchors = anchors.of(tenancy.current())
        self._anchor: Anchor | None = next(self._anchors, None)
        self._is_anchored = self._anchor is not None

    def go(self) -> Result:
        for seal in self._seals():
            self._look_at(seal)
            if len(self.result.findings) >= self._most:
                return self.result
        self._look_at_end()
        return self.result

    def _seals(self) -> Iterator[Any]:
        while True:
            with db.transaction(write=False):
                values = {"tenant": tenancy.current(), "after": self._number}
                found = prepared.fetch(db.session().connection(), _SEALS, values)
            yield from found
            if len(found) < AT_ONCE:
                return

    def _find(self, kind: str, text: str, segment: int | None = None, row_id: UUID | None = None) -> None:
        self.result.findings.append(Finding(kind, text, segment, row_id))

    def _look_at(self, seal: Any) -> None:
        found = self._wrong_with_seal(seal)
        if found is None:
            found = self._released(seal) if seal.released_at is not None else self._rows_of(seal)
        if found is None:
            found = self._compared(seal)
        if found is not None:
            self.result.findings.append(found)
        self.result.segments += 1
        self._hash, self._position, self._number = seal.hash, seal.last_position, seal.number

    def _wrong_with_seal(self, seal: Any) -> Finding | None:
        number = self._number + 1
        if seal.number != number:
            gone = (
                f"Segment {number} is" if seal.number == number + 1 else f"Segments {number} to {seal.number - 1} are"
            )
            return Finding("seal", f"{gone} missing: its seal was removed.", number)
        if seal.previous_hash != self._hash or canon.seal_hash(seal) != seal.hash:
            return Finding("seal", f"The seal of segment {number} was altered, or the one before it.", number)
        return None

    def _released(self, seal: Any) -> Finding | None:
        """Its rows were dropped, lawfully: there is nothing between its neighbours."""
        self.result.released += 1
        if seal.released_at - seal.newest_at < KEPT_AT_LEAST:
            return Finding("removed", f"The rows of segment {seal.number} were dropped before their time.", seal.number)
        with db.transaction(write=False):
            left = sealing.read(self._position, seal.last_position, 1)
        if left:
            text = f"Row {left[0].id} was inserted into segment {seal.number}, whose rows were dropped."
            return Finding("inserted", text, seal.number, left[0].id)
        return None

    def _rows_of(self, seal: Any) -> Finding | None:
        found = self._wrong_with_rows(seal)
        if found is None:
            return None
        with db.transaction(write=False):  # retention may have dropped them between the two reads
            is_released = db.session().scalar(sa.select(AuditSeal.released_at).where(AuditSeal.id == seal.id))
        return self._released(seal._replace(released_at=is_released)) if is_released is not None else found

    def _wrong_with_rows(self, seal: Any) -> Finding | None:
        with db.transaction(write=False):
            rows = sealing.read(self._position, seal.last_position, seal.count + AT_ONCE)
        hashes = [canon.row_hash(row) for row in rows]
        are = [canon.member(row.id, digest) for row, digest in zip(rows, hashes, strict=True)]
        raw = seal.members or b""
        were = [raw[at : at + canon.MEMBER] for at in range(0, len(raw), canon.MEMBER)]
        self.result.rows += len(rows)
        if are != were:
            return _difference(seal.number, are, were)
        if canon.rows_hash(hashes) != seal.rows_hash or len(rows) != seal.count:
            return Finding("seal", f"The seal of segment {seal.number} was altered.", seal.number)
        return self._late_row(rows, seal.number)

    def _late_row(self, rows: Sequence[Any], segment: int | None) -> Finding | None:
        """The first row that says it is older than it can be."""
        for row in rows:
            if row.request_id == canon.LOADED:
                self.result.loaded += 1
                continue
            if self._high is not None and row.created_at < self._high - LATE:
                where = f"segment {segment}" if segment is not None else "what is not sealed yet"
                text = (
                    f"Row {row.id} was inserted later: it says {row.created_at:%Y-%m-%d %H:%M} but stands in {where}."
                )
                return Finding("inserted", text, segment, row.id)
            self._high = max(self._high or row.created_at, row.created_at)
        return None

    def _compared(self, seal: Any) -> Finding | None:
        """Whether the seal is the one that was anchored."""
        while self._anchor is not None and self._anchor.number < seal.number:
            self._anchor = next(self._anchors, None)
        if self._anchor is None or self._anchor.number != seal.number or self._anchor.hash == seal.hash:
            return None
        return Finding(
            "anchor", f"Segment {seal.number} is not the one that was anchored: it was written anew.", seal.number
        )

    def _look_at_end(self) -> None:
        rest = deque(self._anchors, maxlen=1)
        last = rest[0] if rest else self._anchor
        if last is not None and last.number > self._number:
            text = (
                f"The log ends with segment {self._number}, but {last.number} was anchored at {last.at:%Y-%m-%d %H:%M}"
            )
            self._find("tail", f"{text}: its tail was cut.", self._number + 1)
        elif self._number and not self._is_anchored:
            self._find("anchor", f"No head of the chain is kept in {anchors.path()}: its file was lost or emptied.")
        after = self._position
        while True:
            with db.transaction(write=False):
                rows = sealing.read(after, sealing.EVERYTHING, sealing.SEGMENT)
            self.result.unsealed += len(rows)
            late = self._late_row(rows, None)
            if late is not None:
                self.result.findings.append(late)
                return
            if len(rows) < sealing.SEGMENT:
                return
            after = rows[-1].position


def _difference(number: int, are: Sequence[bytes], were: Sequence[bytes]) -> Finding:
    """What is wrong with the first row that is other than it was."""
    at = next(
        (at for at, (one, other) in enumerate(zip(are, were, strict=False)) if one != other), min(len(are), len(were))
    )
    is_id = UUID(bytes=are[at][:16]) if at < len(are) else None
    was_id = UUID(bytes=were[at][:16]) if at < len(were) else None
    now, then = {one[:16] for one in are}, {one[:16] for one in were}
    place = f"in segment {number}"
    if is_id is not None and is_id == was_id:
        return Finding("altered", f"Row {is_id} {place} was altered.", number, is_id)
    if was_id is not None and was_id.bytes not in now:
        return Finding("removed", f"Row {was_id} {place} was removed.", number, was_id)
    if is_id is not None and is_id.bytes not in then:
        return Finding("inserted", f"Row {is_id} was inserted {place}.", number, is_id)
    if was_id is not None and is_id is not None:
        other = next(index for index, one in enumerate(were) if one[:16] == is_id.bytes)
        if other < len(are) and are[other][:16] == was_id.bytes:
            return Finding("swapped", f"Rows {was_id} and {is_id} {place} were swapped.", number, was_id)
        return Finding(
            "reordered", f"Row {is_id} {place} stands where {was_id} stood: rows were reordered.", number, is_id
        )
    return Finding("seal", f"The seal of segment {number} was altered: its rows are not those that it lists.", number)
