"""The invoices of one customer, as its people list them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.merged import whose
from app.features.billing.models import Invoice
from app.kernel import db
from app.kernel.errors import NotFound
from app.kernel.filters import Contains
from app.kernel.lists import Exact, Listing, Sort
from app.kernel.money import Money

MOST_TOGETHER = 50
"""So many invoices can be paid at once."""
STATES = ("issued", "paid", "void", "refunded")


class Line(NamedTuple):
    """One issued invoice, read without the record around it."""

    id: UUID
    number: str
    status: str
    currency: str
    total_minor: int
    paid_minor: int
    issued_at: datetime
    due_at: datetime
    created_at: datetime

    @property
    def total(self) -> Money:
        """What it asks for, tax included."""
        return Money(self.total_minor, self.currency)

    @property
    def open(self) -> Money:
        """What is still to be paid; nothing unless it waits for money."""
        return Money(self.total_minor - self.paid_minor if self.is_open else 0, self.currency)

    @property
    def is_open(self) -> bool:
        """Whether it waits for money."""
        return self.status == "issued"

    def is_overdue(self, at: datetime) -> bool:
        """Whether it waited too long at that moment."""
        return self.is_open and self.due_at <= at


INVOICES = Listing(
    name="own-invoices",
    here="/client/billing",
    model=Invoice,
    columns=(
        Invoice.id, Invoice.number, Invoice.status, Invoice.currency, Invoice.total_minor, Invoice.paid_minor,
        Invoice.issued_at, Invoice.due_at, Invoice.created_at,
    ),
    row=Line,
    where=(Invoice.status != "draft",),
    of=Invoice.customer_id,
    filters=(Contains("q", (Invoice.number,)), Exact("state", Invoice.status, STATES)),
    sorts={"newest": Sort("Newest first", Invoice.created_at, is_falling=True)},
)  # fmt: skip


def to_pay(customer_id: UUID) -> list[Invoice]:
    """What waits for the customer's money, the most urgent first. One query."""
    waiting = sa.select(Invoice).where(whose(Invoice.customer_id, customer_id), Invoice.status == "issued")
    return list(db.session().scalars(waiting.order_by(Invoice.due_at, Invoice.id).limit(MOST_TOGETHER)))


def find_all(customer_id: UUID, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Invoices of the customer, as they were asked for. One query.

    Raises:
        NotFound: one of them is not the customer's, or a draft.
    """
    mine = sa.select(Invoice).where(
        Invoice.id.in_(invoice_ids), whose(Invoice.customer_id, customer_id), Invoice.status != "draft"
    )
    found = {invoice.id: invoice for invoice in db.session().scalars(mine)}
    if found.keys() != set(invoice_ids):
        raise NotFound()
    return list(found.values())
