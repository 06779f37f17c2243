"""The list of invoices."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.features.accounts.models import Customer
from app.features.billing.models import STATUSES, Invoice
from app.kernel import offered
from app.kernel.lists import NOW, Begins, Exact, Given, Join, Listing, Search, Since, Sort, Until, Words


class Line(NamedTuple):
    """One invoice in the list."""

    id: UUID
    number: str
    status: str
    customer_id: UUID
    company: str
    name: str
    email: str
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    issued_at: datetime
    due_at: datetime
    paid_at: datetime | None
    created_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it waits for money."""
        return self.status == "issued"


_OF_CUSTOMER = {"company", "name", "email"}

INVOICES = Listing(
    name="invoices",
    here="/admin/billing",
    model=Invoice,
    columns=tuple(getattr(Customer if name in _OF_CUSTOMER else Invoice, name) for name in Line._fields),
    row=Line,
    joins=(Join(Customer, Customer.id == Invoice.customer_id),),
    where=(Invoice.status != "draft",),
    filters=(
        Exact("status", Invoice.status, STATUSES[1:]),
        Given("overdue", (Invoice.status == "issued") & (Invoice.due_at <= NOW)),
        Exact("currency", Invoice.currency),
        Since("from", Invoice.created_at),
        Until("to", Invoice.created_at),
    ),
    search=Search("q", Begins(Invoice.number, rises=True), Words("customer", Invoice.customer_id)),
    sorts={
        "newest": Sort("Newest first", Invoice.created_at, is_falling=True),
        "oldest": Sort("Oldest first", Invoice.created_at),
        "amount": Sort("Largest first", Invoice.total_minor, is_falling=True),
        "smallest": Sort("Smallest first", Invoice.total_minor),
    },
)


def currencies() -> list[str]:
    """The currencies that invoices are in, for the filter; as of at most a minute ago."""
    return offered.values(Invoice.currency)
