"""Words that records are found by: one row for each word of each record, read by range.

The service that writes a record keeps its words in the same transaction. A
search looks for the beginning of each word, without case and accents, so it
costs the same among a thousand records and among a million.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import db, tenancy
from app.kernel.columns import Code, Id

LONGEST = 64
"""Characters of a word; the rest is cut."""
MOST_OF_A_RECORD = 40
MOST_ASKED = 5
LAST = "\U0010ffff"
"""Sorts after every character: `word` to `word + LAST` are the words that begin with `word`."""
_WORD = re.compile(r"[^\W_]+")


class SearchTerm(db.Base):
    """One word of one record."""

    __tablename__ = "search_terms"
    __table_args__ = (
        sa.Index("ix_search_terms_word", "tenant_id", "kind", "word", "record_id"),
        {"sqlite_with_rowid": False, "info": {"tenant_owned": True}},
    )

    tenant_id: Mapped[UUID] = mapped_column(Id(), sa.ForeignKey("tenants.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    """What the record is: `customer`, `user`."""
    record_id: Mapped[UUID] = mapped_column(Id(), primary_key=True)
    word: Mapped[str] = mapped_column(Code(), primary_key=True)


class Row(NamedTuple):
    """What `SearchTerm` stores, for inserts by the thousand."""

    tenant_id: UUID
    kind: str
    record_id: UUID
    word: str


_TERMS: Any = SearchTerm.__table__


def plain(text: str) -> str:
    """The text without case and accents."""
    if text.isascii():  # most of it is, and then this says the same at a tenth of the cost
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words_of(texts: Iterable[str], most: int = MOST_OF_A_RECORD) -> list[str]:
    """The words that a record with these texts is found by, `most` at most; an address is one besides its parts."""
    found: dict[str, None] = {}
    for text in texts:
        for part in plain(text).split():
            if "@" in part:
                found[part[:LONGEST]] = None
            found.update((word[:LONGEST], None) for word in _WORD.findall(part))
    return list(found)[:most]


def words_in(question: str) -> list[str]:
    """The beginnings of words that somebody looks for; at most `MOST_ASKED`, no one part of another."""
    found: list[str] = []
    for part in plain(question).split():
        found += [part[:LONGEST]] if "@" in part[1:] else [word[:LONGEST] for word in _WORD.findall(part)]
    found = list(dict.fromkeys(found))
    return [word for word in found if not any(other != word and other.startswith(word) for other in found)][:MOST_ASKED]


def rows(kind: str, record_id: UUID, texts: Iterable[str], *, tenant_id: UUID) -> list[Row]:
    """The rows to insert for one record: for those who write many at once."""
    return [Row(tenant_id, kind, record_id, word) for word in words_of(texts)]


def keep(kind: str, record_id: UUID, texts: Iterable[str], *, most: int = MOST_OF_A_RECORD) -> None:
    """Bring the words of one record in step with its texts, of a long one the first `most`, in the open transaction."""
    session, tenant_id = db.session(), tenancy.current()
    own = (_TERMS.c.tenant_id == tenant_id, _TERMS.c.kind == kind, _TERMS.c.record_id == record_id)
    mine = "names its own tenant"
    known = set(session.scalars(tenancy.named(sa.select(_TERMS.c.word).where(*own), mine)))
    wanted = words_of(texts, most)
    gone = known.difference(wanted)
    if gone:
        session.execute(tenancy.named(sa.delete(_TERMS).where(*own, _TERMS.c.word.in_(gone)), mine))
    new = [Row(tenant_id, kind, record_id, word)._asdict() for word in wanted if word not in known]
    if new:
        session.execute(tenancy.named(sa.insert(_TERMS), mine), new)


def insert(found: Sequence[Row]) -> None:
    """Write many rows of new records of the tenant that is set.

    Raises:
        tenancy.ForeignTenant: one of them names another.
    """
    tenant_id = tenancy.current()
    if any(row.tenant_id != tenant_id for row in found):
        raise tenancy.ForeignTenant("words of another tenant's record")
    if found:
        db.session().execute(tenancy.named(sa.insert(_TERMS), "checked above"), [row._asdict() for row in found])
