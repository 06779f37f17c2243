"""How moments, counts and sizes are said to people."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.kernel import clock

_DAY = 24 * 3600
MOST_SPELLED = 5000
"""Moments whose words are kept: a list says a hundred of them, mostly those that it said a minute ago."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 service`, `2 services`, `1,204 services`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@lru_cache(maxsize=MOST_SPELLED)
def day(moment: datetime, zone: str = "UTC") -> str:
    """`27 Nov 2026`, in the person's or tenant's time zone."""
    return _spelled_day(moment.astimezone(ZoneInfo(zone)).date())


@lru_cache(maxsize=MOST_SPELLED)
def _spelled_day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


@lru_cache(maxsize=MOST_SPELLED)
def exact(moment: datetime, zone: str = "UTC") -> str:
    """`20 Nov 2026, 13:22 UTC`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{_spelled_day(local.date())}, {local.hour:02}:{local.minute:02} {local.tzname()}"


def ago(moment: datetime, zone: str = "UTC") -> str:
    """Relative within a day (`12 min ago`, `in 3 h`), the date beyond."""
    seconds = int((clock.now() - moment).total_seconds())
    size = abs(seconds)
    if size >= _DAY:
        return day(moment, zone)
    if size < 45:
        return "just now" if seconds >= 0 else "in a moment"
    span = f"{max(1, round(size / 60))} min" if size < 3570 else f"{round(size / 3600)} h"
    return f"{span} ago" if seconds >= 0 else f"in {span}"


def size(count: int) -> str:
    """`842 bytes`, `1.4 MB`: in powers of ten, as browsers say it."""
    if count < 1000:
        return plural(count, "byte")
    for unit, one in (("GB", 10**9), ("MB", 10**6)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{count / 1000:.0f} kB"


def greeting(zone: str = "UTC") -> str:
    """`Good morning`, by the clock of `zone`."""
    hour = clock.now().astimezone(ZoneInfo(zone)).hour
    if hour < 5:
        return "Good evening"
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"


def initials(name: str) -> str:
    """Two letters for an avatar: of the first and the last word."""
    parts = [part for part in name.split() if part[0].isalnum()] or ["?"]
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def spelled(count: int) -> str:
    """Numbers to twelve in letters, as sentences have them (`no`, `one`, `two`); beyond in digits."""
    return _LETTERS[count] if 0 <= count < len(_LETTERS) else f"{count:,}"


_LETTERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
