"""Internal notes: what the staff tell each other about a customer."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged
from app.features.accounts.models import Customer, CustomerNote
from app.features.audit import service as audit
from app.kernel import clock, db, paging
from app.kernel.access import Principal, Role
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.paging import Page

LONGEST = 5000
"""Characters of a note."""
SHOWN = 50
"""Of them on the customer's page; all are on a page of their own."""


class NotYours(Forbidden):
    """Somebody else's words: 403."""

    code, text = "not_your_note", "Only who wrote it, or an admin, changes a note."


@dataclass(frozen=True)
class Note:
    """A note and what `who` may do with it."""

    row: CustomerNote
    may_change: bool


def of_customer(customer_id: UUID, who: Principal) -> tuple[list[Note], bool]:
    """`SHOWN` notes of the customer, the pinned ones first, then the newest; whether there are more. One query."""
    row = CustomerNote
    wanted = sa.select(row).where(row.customer_id == customer_id)
    ordered = wanted.order_by(row.pinned_at.is_(None), row.created_at.desc(), row.id.desc()).limit(SHOWN + 1)
    found = [Note(note, may_change(note, who)) for note in db.session().scalars(ordered)]
    return found[:SHOWN], len(found) > SHOWN


def all_of(customer_id: UUID, who: Principal, *, cursor: str | None) -> Page[Note]:
    """The same, page by page, the newest first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    found = find_page(customer_id, cursor=cursor, limit=SHOWN)
    return found.showing([Note(note, may_change(note, who)) for note in found.items])


def may_change(note: CustomerNote, who: Principal) -> bool:
    """Whether these are the person's own words, or they are an admin."""
    role = who.staff_role or Role.VIEWER
    return role >= Role.ADMIN or (role >= Role.MEMBER and note.author_id == who.user_id)


def find(customer_id: UUID, note_id: UUID, who: Principal) -> CustomerNote:
    """A note that `who` may change.

    Raises:
        NotFound: there is none at this customer.
        NotYours: somebody else wrote it.
    """
    wanted = sa.select(CustomerNote).where(CustomerNote.id == note_id, CustomerNote.customer_id == customer_id)
    found = db.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound()
    if not may_change(found, who):
        raise NotYours()
    return found


def write(customer: Customer, text: str, *, who: Principal, is_pinned: bool = False) -> CustomerNote:
    """Keep a note.

    Raises:
        Invalid: names `text`.
        Merged: the customer was merged into another one meanwhile.
    """
    merged.hold(customer.id)
    now = clock.now()
    row = CustomerNote(customer_id=customer.id, author_id=who.user_id, text=_checked(text), created_at=now)
    row.pinned_at = now if is_pinned else None
    db.session().add(row)
    db.session().flush()
    _record("NOTE_WRITTEN", row)
    return row


def change(note: CustomerNote, *, text: str | None = None, is_pinned: bool | None = None) -> None:
    """Put it in other words, or pin it.

    Raises:
        Invalid: names `text`.
    """
    now = clock.now()
    wanted = note.text if text is None else _checked(text)
    was_pinned = note.pinned_at is not None
    pins = was_pinned if is_pinned is None else is_pinned
    if wanted == note.text and pins == was_pinned:
        return
    if wanted != note.text:
        note.text, note.edited_at = wanted, now
    if pins != was_pinned:
        note.pinned_at = now if pins else None
    _record("NOTE_CHANGED", note)


def delete(note: CustomerNote) -> None:
    """Take it away for good."""
    _record("NOTE_DELETED", note)
    db.session().delete(note)


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST or "\0" in text:
        raise Invalid.field("text", f"A note has 1 to {LONGEST:,} characters.")
    return text


def _record(action: str, note: CustomerNote) -> None:
    """That it was done; the words themselves are not copied into the log."""
    audit.record(action, resource_type="customer", resource_id=note.customer_id, after={"note_id": str(note.id)})


def find_page(customer_id: UUID, *, cursor: str | None, limit: int) -> Page[CustomerNote]:
    """One page of them, the newest first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    wanted = sa.select(CustomerNote).where(CustomerNote.customer_id == customer_id)
    return paging.page(wanted, CustomerNote, cursor=cursor, limit=limit)
