"""The notes of a customer in words, for the customer's page and their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from app.features.accounts import notes
from app.features.accounts.notes import Note
from app.features.accounts.slots import names_of
from app.kernel import words
from app.kernel.access import Principal


@dataclass(frozen=True)
class NoteLine:
    """One note as the page shows it."""

    text: str
    by: str
    when: str
    exact: str
    pinned: bool
    edit_href: str
    """Where it is changed; empty for those who may not."""


class Shown(NamedTuple):
    """The notes on the customer's page."""

    lines: list[NoteLine]
    has_more: bool


def shown(customer_id: UUID, who: Principal, zone: str) -> Shown:
    """The notes, the pinned ones first. Two queries."""
    found, has_more = notes.of_customer(customer_id, who)
    return Shown(told(found, zone), has_more)


def told(found: Sequence[Note], zone: str) -> list[NoteLine]:
    """These notes. One query."""
    authors = names_of({note.row.author_id for note in found if note.row.author_id is not None})
    return [
        NoteLine(
            text=note.row.text,
            by=(authors.get(note.row.author_id) if note.row.author_id else None) or "somebody who has left",
            when=words.ago(note.row.created_at, zone) + (", changed" if note.row.edited_at else ""),
            exact=words.exact(note.row.edited_at or note.row.created_at, zone),
            pinned=note.row.pinned_at is not None,
            edit_href=f"/admin/customers/{note.row.customer_id}/notes/{note.row.id}" if note.may_change else "",
        )
        for note in found
    ]
