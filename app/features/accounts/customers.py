"""The list of customers, and what its filters offer."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.features.accounts.models import STATUSES, Customer
from app.kernel import offered
from app.kernel.lists import Exact, Listing, Search, Sort, Words


class Line(NamedTuple):
    """One customer in the list. No money here: everybody on the staff may read it."""

    id: UUID
    company: str
    name: str
    email: str
    status: str
    marketing_source: str
    utm_campaign: str
    country: str
    city: str
    phone: str
    created_at: datetime


CUSTOMERS = Listing(
    name="customers",
    here="/admin/customers",
    model=Customer,
    columns=tuple(getattr(Customer, name) for name in Line._fields),
    row=Line,
    where=(Customer.merged_at.is_(None),),
    filters=(
        Exact("status", Customer.status, STATUSES),
        Exact("source", Customer.marketing_source),
        Exact("country", Customer.country),
    ),
    search=Search("q", Words("customer", Customer.id)),
    sorts={
        "newest": Sort("Newest first", Customer.created_at, is_falling=True),
        "oldest": Sort("Oldest first", Customer.created_at),
        "name": Sort("By name", Customer.search_key),
    },
)


def sources() -> list[str]:
    """Where customers came from, for the filter; as of at most a minute ago."""
    return offered.values(Customer.marketing_source)


def countries() -> list[str]:
    """The countries that customers live in, for the filter; as of at most a minute ago."""
    return offered.values(Customer.country)
