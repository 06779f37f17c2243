"""Reading the kept figures: so many days of them, and how much there was before."""

from collections import defaultdict
from collections.abc import Collection
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
    """The figures of these days, what is not folded yet included. Three queries, whatever has happened."""
    by_day: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    levels: dict[tuple[str, str], int] = defaultdict(int)
    row = DailyFigure
    days = sa.select(row.name, row.currency, row.day, row.amount).where(row.day >= begin, row.day <= end)
    for name, currency, day, amount in db.session().execute(days):
        by_day[name, currency][day] += amount
    for name, currency, amount in db.session().execute(_before(begin, LEVELS)):
        levels[name, currency] += int(amount)
    for name, currency, day, amount in db.session().execute(_unfolded()):
        if begin <= day <= end:
            by_day[name, currency][day] += int(amount)
        elif day < begin and name in LEVELS:
            levels[name, currency] += int(amount)
    return Daily(begin, end, by_day, levels)


def _before(day: date, names: Collection[str]) -> sa.Select[str, str, int]:
    row = DailyFigure
    sums = sa.select(row.name, row.currency, sa.func.sum(row.amount))
    return sums.where(row.name.in_(names), row.day < day).group_by(row.name, row.currency)


def _unfolded() -> sa.Select[str, str, date, int]:
    row = FigureDelta
    return sa.select(row.name, row.currency, row.day, sa.func.sum(row.amount)).group_by(row.name, row.currency, row.day)
