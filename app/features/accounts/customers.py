"""The list of customers, and what its filters offer."""

import threading
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import STATUSES, Customer
from app.kernel import clock, db, tenancy
from app.kernel.lists import Exact, Listing, Search, Sort, Words

REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 2000
MOST_OFFERED = 100


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

_remembered: dict[tuple[UUID, str], tuple[float, list[str]]] = {}
_lock = threading.Lock()


def sources() -> list[str]:
    """Where customers came from, for the filter; as of at most a minute ago."""
    return _distinct("sources", Customer.marketing_source)


def countries() -> list[str]:
    """The countries that customers live in, for the filter; as of at most a minute ago."""
    return _distinct("countries", Customer.country)


def _distinct(name: str, column: Any) -> list[str]:
    key, now = (tenancy.current(), name), clock.now().timestamp()
    known = _remembered.get(key)
    if known is not None and 0 <= now - known[0] < REMEMBERED_SECONDS:
        return known[1]
    found = _values(column)
    with _lock:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = (now, found)
    return found


def _values(column: Any) -> list[str]:
    """What stands in the column, each once. The index is asked for the next value only, not for every row."""
    first = sa.select(sa.func.min(column).label("value")).where(column > "")
    steps = first.cte("steps", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > steps.c.value).scalar_subquery()
    steps = steps.union_all(sa.select(following).where(steps.c.value.is_not(None)))
    found = db.session().scalars(sa.select(steps.c.value).where(steps.c.value.is_not(None)).limit(MOST_OFFERED))
    return list(found)
