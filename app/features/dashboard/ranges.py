"""Which days a page of figures is about, and which it is compared with. The state is in the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from urllib.parse import urlencode

DAYS = {"7d": 7, "30d": 30, "90d": 90}
LABELS = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "month": "This month",
    "year": "This year",
}
USUAL, OWN = "30d", "own"
LONGEST = timedelta(days=5 * 366)
BY_DAY, BY_WEEK = 31, 120
"""The most days that are shown one by one, and week by week; longer spans are shown by the month."""


@dataclass(frozen=True)
class Range:
    """Days in a row, the last included, and as many before them to compare with."""

    key: str
    begin: date
    end: date
    before_begin: date
    before_end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.begin).days + 1

    @property
    def step(self) -> str:
        """`day`, `week` or `month`: what one point of a chart stands for."""
        return "day" if self.days <= BY_DAY else "week" if self.days <= BY_WEEK else "month"

    @cached_property
    def edges(self) -> list[date]:
        """The first day of each step, and the day after the last one."""
        return _edges(self.begin, self.end, self.step)

    @cached_property
    def before_edges(self) -> list[date]:
        """The same of the days before."""
        return _edges(self.before_begin, self.before_end, self.step)

    @property
    def words(self) -> str:
        """`22 Oct to 20 Nov 2026`."""
        begin = f"{self.begin.day} {self.begin:%b}"
        if self.begin.year != self.end.year:
            begin += f" {self.begin:%Y}"
        return f"{begin} to {said(self.end)}" if self.days > 1 else said(self.end)

    @property
    def short(self) -> str:
        """`30 days`, `this month`: beside the name of a figure."""
        label = LABELS.get(self.key)
        return f"{self.days} days" if label is None else label[0].lower() + label[1:]

    @property
    def before_words(self) -> str:
        """What it is compared with: `the 30 days before`."""
        if self.key == "year":
            return "last year to date"
        return "last month to date" if self.key == "month" else f"the {self.days} days before"

    @property
    def against(self) -> str:
        """The same where there is little room: `to the 30 before`."""
        known = {"year": "to last year", "month": "to last month"}
        return known.get(self.key, f"to the {self.days} before")

    def address(self, path: str, **more: str) -> str:
        """`path` with this range in its query."""
        given = {"range": self.key, **more}
        if self.key == OWN:
            given |= {"from": self.begin.isoformat(), "to": self.end.isoformat()}
        return link(path, **given)


def link(path: str, **query: str) -> str:
    """`path` with what of `query` is not empty."""
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"


def read(asked: Mapping[str, str], today: date) -> Range:
    """The range that an address asks for; what makes no sense is put right, never refused."""
    key = asked.get("range", "")
    if key == OWN or (not key and (asked.get("from") or asked.get("to"))):
        return _own(_day(asked.get("from")), _day(asked.get("to")), today)
    return preset(key if key in LABELS else USUAL, today)


def preset(key: str, today: date) -> Range:
    """One of `LABELS`, up to and with today."""
    if key == "month":
        begin = today.replace(day=1)
        before = (begin - timedelta(days=1)).replace(day=1)
        return Range(key, begin, today, before, min(before + (today - begin), begin - timedelta(days=1)))
    if key == "year":
        begin = today.replace(month=1, day=1)
        is_leap_day = (today.month, today.day) == (2, 29)
        before_end = today.replace(year=today.year - 1, day=28) if is_leap_day else today.replace(year=today.year - 1)
        return Range(key, begin, today, begin.replace(year=today.year - 1), before_end)
    return _compared(key, today - timedelta(days=DAYS[key] - 1), today)


def _own(begin: date | None, end: date | None, today: date) -> Range:
    if begin is None and end is None:
        return preset(USUAL, today)
    end = min(end or today, today)
    begin = min(begin or end - timedelta(days=DAYS[USUAL] - 1), today)
    if begin > end:
        begin, end = end, begin
    return _compared(OWN, max(begin, end - LONGEST), end)


def _compared(key: str, begin: date, end: date) -> Range:
    return Range(key, begin, end, begin - (end - begin) - timedelta(days=1), begin - timedelta(days=1))


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _edges(begin: date, end: date, step: str) -> list[date]:
    edges, day = [], begin
    while day <= end:
        edges.append(day)
        day = _after(day, step)
    return [*edges, end + timedelta(days=1)]


def _after(day: date, step: str) -> date:
    """The first day of the next step. Months are those of the calendar."""
    if step == "day":
        return day + timedelta(days=1)
    if step == "week":
        return day + timedelta(days=7)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def said(day: date) -> str:
    """`20 Nov 2026`."""
    return f"{day.day} {day:%b %Y}"


def seconds(day: date) -> int:
    """Midnight of a day as charts count it."""
    return int(datetime.combine(day, time(), UTC).timestamp())
