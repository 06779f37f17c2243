"""What becomes of a customer's records when it is merged: found by what points to a customer, room by room.

A room that is added later gets this for nothing: what its table points to a customer by moves, unless its model says
that it `stays`; then its finders ask `accounts.merged`.
"""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.links import unused
from app.features.accounts.models import CustomerAlias, User
from app.features.audit import service as audit
from app.features.audit.watched import WATCHED
from app.features.messages.models import EmailMessage
from app.features.people.models import Invitation
from app.kernel import clock, db
from app.kernel.db import Record

CUSTOMERS = "customers"
CALLED = {
    "customer_aliases": ("customer merged before", "customers merged before"),
    "customer_notes": ("note", "notes"),
    "erasures": ("settled wish to be erased", "settled wishes to be erased"),
    "ledger_postings": ("line of the books", "lines of the books"),
    "promo_code_usage": ("use of a promo code", "uses of promo codes"),
    "provisioning_jobs": ("set-up task", "set-up tasks"),
    "subscriptions": ("service", "services"),
    "users": ("person", "people"),
}
"""By table, one and many, where its own name would not do."""
FIRST = ("users", "subscriptions", "orders", "invoices", "payments")
"""What people ask for first, in this order; the rest follows by its number."""


@dataclass(frozen=True)
class Part:
    """How many records of one kind there are, and whether they move or stay."""

    kind: str
    """The table's name."""
    count: int
    moves: bool

    @property
    def label(self) -> str:
        """`3 services`."""
        plain = self.kind.replace("_", " ")
        one, many = CALLED.get(self.kind, (plain.removesuffix("s"), plain))
        return f"{self.count:,} {one if self.count == 1 else many}"


def parts_of(customer_id: UUID) -> list[Part]:
    """What the customer has, kind by kind; nothing of what it has none of. One query a kind."""
    found = [_counted(column, customer_id, moves=True) for column in _pointing_to_customers(stays=False)]
    found += [_counted(column, customer_id, moves=False) for column in _pointing_to_customers(stays=True)]
    people = sa.select(User.id).where(User.customer_id == customer_id)
    mails = sa.select(sa.func.count(EmailMessage.id)).where(EmailMessage.to_user_id.in_(people))
    found.append(Part("messages", db.session().execute(mails).scalar_one(), True))
    return sorted((part for part in found if part.count), key=_place)


def _place(part: Part) -> tuple[bool, int, int, str]:
    rank = FIRST.index(part.kind) if part.kind in FIRST else len(FIRST)
    return not part.moves, rank, -part.count, part.kind


def _pointing_to_customers(*, stays: bool) -> list[Any]:
    """The columns of all models, as attributes, that point to a customer: those that move, or those that stay."""
    return [
        getattr(mapper.class_, mapper.get_property_by_column(column).key)
        for mapper in sorted(Record.registry.mappers, key=lambda one: one.class_.__name__)
        for column in mapper.local_table.columns
        if column.info.get("tenant_key") == CUSTOMERS and column.info["stays"] is stays
    ]


def _counted(column: Any, customer_id: UUID, *, moves: bool) -> Part:
    wanted = sa.select(sa.func.count(column.class_.id)).where(column == customer_id)
    return Part(column.class_.__tablename__, db.session().execute(wanted).scalar_one(), moves)


def move(from_id: UUID, to_id: UUID) -> dict[str, int]:
    """Let everything that can move be the other customer's; how many of each kind. Both are locked by whoever calls."""
    _withdraw_doubled(from_id, to_id)
    moved = {}
    for column in _pointing_to_customers(stays=False):
        change = sa.update(column.class_).where(column == from_id).values({column.key: to_id})
        done = cast("sa.CursorResult[Any]", db.session().execute(change))
        if done.rowcount:
            moved[column.class_.__tablename__] = done.rowcount
    for kind, count in moved.items():
        if kind in WATCHED:
            _tell(WATCHED[kind].name, from_id, to_id, count)
    db.session().add(CustomerAlias(merged_id=from_id, kept_id=to_id))
    return moved


def _tell(kind: str, from_id: UUID, to_id: UUID, count: int) -> None:
    """One row of the log for all records of a kind."""
    before, after = {"customer_id": str(from_id)}, {"customer_id": str(to_id), "moved": count}
    audit.record("RECORD_UPDATED", resource_type=kind, resource_id=None, before=before, after=after)


def invitations_of(from_id: UUID, to_id: UUID) -> list[tuple[Invitation, bool]]:
    """The open invitations to the account that goes, and whether each moves: of two of one address the kept customer's
    counts, and the other is withdrawn. One query."""
    asked = sa.select(Invitation.email_key).where(Invitation.customer_id == to_id, unused(Invitation))
    wanted = sa.select(Invitation, Invitation.email_key.not_in(asked)).order_by(Invitation.email_key)
    found = db.session().execute(wanted.where(Invitation.customer_id == from_id, unused(Invitation)))
    return [(invitation, bool(moves)) for invitation, moves in found]


def _withdraw_doubled(from_id: UUID, to_id: UUID) -> None:
    for invitation, moves in invitations_of(from_id, to_id):
        if not moves:
            invitation.revoked_at = clock.now()
    db.session().flush()
