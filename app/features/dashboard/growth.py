"""New customers by day: the numbers, and the chart's words about them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.features.accounts import slots as accounts
from app.kernel import clock, words

DAYS = 30


@dataclass(frozen=True)
class Growth:
    """What `ui.chart` draws."""

    total: str
    label: str
    data: dict[str, Any]
    table: dict[str, Any]


def new_customers(zone: str) -> Growth:
    """The customers who came on each of the last 30 days, today included, by the tenant's calendar. One query."""
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counts = accounts.new_between([_begin(day, zone) for day in (*days, today + timedelta(days=1))])
    total = sum(counts)
    return Growth(
        total=f"{total:,}",
        label=f"New customers by day, {_said(days[0])} to {_said(days[-1])}: {words.plural(total, 'customer')}, "
        f"at most {max(counts)} on one day",
        data={
            "x": [int(datetime.combine(day, time(), UTC).timestamp()) for day in days],
            "min": 0,
            "max": max(4, max(counts) * 1.15),
            "series": [{"label": "New", "token": "--chart-1", "bars": True, "data": counts}],
        },
        table={
            "head": ["Day", "New customers"],
            "rows": [[_said(day), f"{count:,}"] for day, count in zip(days, counts, strict=True) if count]
            or [["The last 30 days", "0"]],
        },
    )


def _begin(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
