"""What the house holds about a customer and about a person: said once by each room, for their copy and for erasing.

    HELD = (
        Held("logins", UserSession, fields=("created_at", "ip", "browser"),
             of_person=lambda who: UserSession.user_id == who,
             erased=lambda: {"ip": "", "browser": ""}),
        Held("invoices", Invoice, fields=("number", "billed_to"), of_customer=lambda who: Invoice.customer_id == who,
             kept="Invoices are kept as long as the law on bookkeeping says."),
    )

A record is erased by new values, removed whole, kept for a reason, or seen to by a verb of its room.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db

Whose = Callable[[UUID], sa.ColumnElement[bool]]
AT_ONCE = 500
"""Records that one short read takes."""


@dataclass(frozen=True, kw_only=True)
class _Fate:
    """What becomes of the records when somebody is erased; exactly one is said."""

    erased: Callable[[], Mapping[str, Any]] | None = None
    """The values that they get."""
    removed: bool = False
    kept: str = ""
    """Why they stay as they are."""
    by_room: bool = False
    """A verb of the room does it."""


@dataclass(frozen=True)
class Held(_Fate):
    """One kind of record that says something about customers or people."""

    name: str
    """Of the file in a copy: `invoices`."""
    model: Any
    fields: tuple[str, ...] = ()
    """What goes into the copy, in this order; empty: the copy has none of it."""
    of_customer: Whose | None = None
    of_person: Whose | None = None
    has_keys: bool = False
    """Whether the log encrypts what is personal with keys of these records, besides those of people."""

    def __post_init__(self) -> None:
        said = [self.erased is not None, self.removed, bool(self.kept), self.by_room]
        if sum(said) != 1 or not (self.of_customer or self.of_person):
            raise TypeError(f"{self.name}: say whose it is, and what becomes of it: one thing")


def copied(held: Held, condition: sa.ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    """The records that fit, as a copy shows them, in the order they were made. In short reads of its own."""
    after: UUID | None = None
    columns = [getattr(held.model, name) for name in held.fields]
    while True:
        wanted = sa.select(held.model.id, *columns).where(condition)
        wanted = wanted if after is None else wanted.where(held.model.id > after)
        with db.transaction(write=False) as session:
            found = session.execute(wanted.order_by(held.model.id).limit(AT_ONCE)).all()
        for row in found:
            yield {name: plain(value) for name, value in zip(held.fields, row[1:], strict=True)}
        if len(found) < AT_ONCE:
            return
        after = found[-1][0]


def plain(value: Any) -> Any:
    """A value as JSON has it: moments in ISO 8601, ids as text, bytes not at all."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return None if isinstance(value, bytes | memoryview) else value


def erase(held: Held, condition: sa.ColumnElement[bool]) -> int:
    """Do with the records that fit what is said of them, in the open transaction; how many were touched."""
    if held.removed:
        done = db.session().execute(sa.delete(held.model).where(condition))
    elif held.erased is not None:
        done = db.session().execute(sa.update(held.model).where(condition).values(**held.erased()))
    else:
        return 0
    return cast("sa.CursorResult[Any]", done).rowcount
