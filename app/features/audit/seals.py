"""What staff are told about seals: how the whole log stands, and under which seal a row is."""

from dataclasses import dataclass

import sqlalchemy as sa

from app.features.audit.facts import facts
from app.features.audit.models import AuditLog, AuditSeal
from app.kernel import db, words


@dataclass(frozen=True)
class Seal:
    """The seal of one row."""

    text: str
    """The hash of its segment; empty while it has none."""
    words: str

    @property
    def short(self) -> str:
        """`9f2c 41ab 77d0 … e31b`."""
        return f"{self.text[:4]} {self.text[4:8]} {self.text[8:12]} … {self.text[-4:]}"


def state(zone: str) -> tuple[str, str]:
    """Tone and words of how the log stands: the alarm first, if there is one."""
    now = facts()
    if now.findings:
        return "bad", f"{words.plural(now.findings, 'thing')} not as written"
    if now.is_behind and now.waiting_since is not None:
        return "warn", f"Not sealed since {words.ago(now.waiting_since, zone)}"
    if now.sealed_at is None:
        return "", "Not sealed yet"
    if now.verified_at is None:
        return "good", f"Sealed {words.ago(now.sealed_at, zone)}"
    return "good", f"Sealed, and verified {words.ago(now.verified_at, zone)}"


def of(row: AuditLog, zone: str) -> Seal:
    """Under which seal `row` is. One query."""
    above = sa.select(AuditSeal).where(AuditSeal.last_position >= row.position).order_by(AuditSeal.number).limit(1)
    found = db.session().scalars(above).one_or_none()
    if found is None or found.first_position > row.position:
        return Seal("", "Not sealed yet. What is written is sealed every minute.")
    closed = words.exact(found.created_at, zone)
    return Seal(found.hash.hex(), f"Segment {found.number:,}, {words.plural(found.count, 'row')}, sealed {closed}.")
