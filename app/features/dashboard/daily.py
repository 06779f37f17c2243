"""Reading the kept figures: so many days of them, and how much there was before."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from app.features.dashboard.models import DailyFigure, FigureDelta
from app.features.dashboard.service import LEVELS
from app.kernel import db


@dataclass(frozen=True)
class Daily:
    """The figures of some days in a row, and the levels at their beginning."""

    begin: date
    end: date
    """The last day, included."""
    by_day: dict[tuple[str, str], dict[date, int]]
    """Amounts by name and currency, then by day; days on which nothing happened are left out."""
    levels: dict[tuple[str, str], int]
    """What there was at the beginning of the first day, by name and currency."""

    def total(self, name: str, currency: str = "", *, begin: date | None = None, end: date | None = None) -> int:
        """The sum of a figure over these days, or over some of them."""
        days = self.by_day.get((name, currency), {})
        return sum(amount for day, amount in days.items() if (begin or self.begin) <= day <= (end or self.end))

    def level(self, name: str, currency: str = "", *, end: date | None = None) -> int:
        """How much there was at the end of a day, by default of the last."""
        return self.levels.get((name, currency), 0) + self.total(name, currency, end=end)

    def currencies(self) -> list[str]:
        """Every currency in which anything was earned, asked for or brought in by the month."""
        return sorted({currency for _name, currency in (*self.by_day, *self.levels) if currency})


def read(begin: date, end: date) -> Daily:
    """The figures of these days, what is not folded yet included. One query, whatever has happened."""
    by_day: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    levels: dict[tuple[str, str], int] = defaultdict(int)
    parts = sa.union_all(_folded(begin, end), _before(begin), _unfolded())
    for name, currency, day, amount in db.session().execute(parts):
        if day is None or (day < begin and name in LEVELS):
            levels[name, currency] += int(amount)
        elif begin <= day <= end:
            by_day[name, currency][day] += int(amount)
    return Daily(begin, end, by_day, levels)


Part = sa.Select[str, str, date, int]


def _folded(begin: date, end: date) -> Part:
    row = DailyFigure
    return sa.select(row.name, row.currency, row.day, row.amount).where(row.day >= begin, row.day <= end)


def _before(day: date) -> Part:
    """The levels: what the days before add up to. It has no day."""
    row = DailyFigure
    no_day: sa.ColumnElement[date] = sa.cast(sa.null(), sa.Date())
    sums = sa.select(row.name, row.currency, no_day.label("day"), sa.func.sum(row.amount))
    return sums.where(row.name.in_(LEVELS), row.day < day).group_by(row.name, row.currency)


def _unfolded() -> Part:
    row = FigureDelta
    return sa.select(row.name, row.currency, row.day, sa.func.sum(row.amount)).group_by(row.name, row.currency, row.day)
