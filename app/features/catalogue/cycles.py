"""How often something is paid for. The names are those of the API (SPEC 2.1)."""

from calendar import monthrange
from datetime import datetime

CYCLES: dict[str, int] = {
    "monthly": 1,
    "quarterly": 3,
    "semiAnnual": 6,
    "oneYear": 12,
    "twoYears": 24,
    "threeYears": 36,
    "oneTime": 0,
}
"""Months that one payment of each cycle covers; 0 = paid once, never renewed."""

MONTHS_CHARGED: dict[str, int] = {
    "monthly": 1,
    "quarterly": 3,
    "semiAnnual": 6,
    "oneYear": 10,
    "twoYears": 19,
    "threeYears": 27,
}
"""How many times the month's price a cycle costs in the plans of a fresh installation (SPEC 2.1)."""

SPANS: dict[str, str] = {
    "monthly": "1 month",
    "quarterly": "3 months",
    "semiAnnual": "6 months",
    "oneYear": "1 year",
    "twoYears": "2 years",
    "threeYears": "3 years",
    "oneTime": "paid once",
}
"""What one payment covers, as invoices say it."""

PER: dict[str, str] = {
    "monthly": "a month",
    "quarterly": "every 3 months",
    "semiAnnual": "every 6 months",
    "oneYear": "a year",
    "twoYears": "every 2 years",
    "threeYears": "every 3 years",
    "oneTime": "once",
}
"""Said after a price: `USD 49.90 a year`."""


def end_of(cycle: str, start: datetime) -> datetime | None:
    """When a cycle that begins at `start` is over: the same day so many months later, or the last of a shorter month.

    None for what is paid once.
    """
    months = CYCLES[cycle]
    if not months:
        return None
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))
