"""Reading the kept figures: so many days of them, and how much there was before."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from app.features.dashboard.models import FIGURES, DailyFigure, FigureDelta
from app.features.dashboard.service import LEVELS
from app.kernel import db

PLACES = {name: place for place, name in enumerate(FIGURES)}
Days = dict[date, list[int]]
"""The figures of each day, in the order of `FIGURES`."""


@dataclass(frozen=True)
class Daily:
    """The figures of some days in a row, and the levels at their beginning."""

    begin: date
    end: date
    """The last day, included."""
    days: dict[str, Days]
    """By currency."""
    levels: dict[tuple[str, str], int]
    """What there was at the beginning of the first day, by name and currency."""
    _running: dict[tuple[str, str], list[int]] = field(default_factory=dict, compare=False, repr=False)
    _sorted: dict[str, list[date]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, name: str, currency: str = "") -> dict[date, int]:
        """One figure by day; days on which nothing happened are left out."""
        place = PLACES[name]
        return {day: row[place] for day, row in self.days.get(currency, {}).items() if row[place]}

    def total(self, name: str, currency: str = "", *, begin: date | None = None, end: date | None = None) -> int:
        """The sum of a figure over these days, or over some of them."""
        before = self._until(name, currency, bisect_left, begin or self.begin)
        return self._until(name, currency, bisect_right, end or self.end) - before

    def level(self, name: str, currency: str = "", *, end: date | None = None) -> int:
        """How much there was at the end of a day, by default of the last."""
        return self.levels.get((name, currency), 0) + self._until(name, currency, bisect_right, end or self.end)

    def _until(self, name: str, currency: str, place: Callable[[list[date], date], int], day: date) -> int:
        """The sum from the first day to `day`: looked up in running sums, which are made once for each figure."""
        days = self._sorted.get(currency)
        if days is None:
            days = self._sorted[currency] = sorted(self.days.get(currency, {}))
        sums = self._running.get((name, currency))
        if sums is None:
            rows, column = self.days.get(currency, {}), PLACES[name]
            sums = self._running[name, currency] = list(accumulate((rows[one][column] for one in days), initial=0))
        return sums[place(days, day)]

    def currencies(self) -> list[str]:
        """Every currency in which anything was earned, asked for or brought in by the month."""
        return sorted({*self.days, *(currency for _name, currency in self.levels)} - {""})


def read(begin: date, end: date) -> Daily:
    """The figures of these days, what is not folded yet included. One query, whatever has happened."""
    days: dict[str, Days] = {}
    levels: dict[tuple[str, str], int] = defaultdict(int)
    for day, currency, *amounts in db.session().execute(_statement(), {"begin": begin, "end": end}):
        if day is None or day < begin:
            for name in LEVELS:
                levels[name, currency] += amounts[PLACES[name]]
            continue
        of_currency = days.setdefault(currency, {})
        there = of_currency.get(day)
        of_currency[day] = amounts if there is None else [one + more for one, more in zip(there, amounts, strict=True)]
    return Daily(begin, end, days, {key: level for key, level in levels.items() if level})


Part = sa.Select[*tuple[Any, ...]]
BEGIN: sa.BindParameter[date] = sa.bindparam("begin", type_=sa.Date())
END: sa.BindParameter[date] = sa.bindparam("end", type_=sa.Date())


@cache
def _statement() -> sa.CompoundSelect[*tuple[Any, ...]]:
    """Made once: to build it takes longer than to run it."""
    return sa.union_all(_folded(), _before(), _unfolded())


def _folded() -> Part:
    row = DailyFigure
    figures = [getattr(row, name) for name in FIGURES]
    return sa.select(row.day, row.currency, *figures).where(row.day >= BEGIN, row.day <= END)


def _before() -> Part:
    """The levels: what the days before add up to. It has no day."""
    row = DailyFigure
    nothing: sa.ColumnElement[int] = sa.literal_column("0")
    no_day: sa.ColumnElement[date] = sa.cast(sa.null(), sa.Date())
    sums = [_sum(getattr(row, name)) if name in LEVELS else nothing for name in FIGURES]
    return sa.select(no_day, row.currency, *sums).where(row.day < BEGIN).group_by(row.currency)


def _unfolded() -> Part:
    """What was written since, a row for each day and currency like the days themselves."""
    row = FigureDelta
    sums = [_sum(sa.case((row.name == name, row.amount), else_=0)) for name in FIGURES]
    return sa.select(row.day, row.currency, *sums).where(row.day <= END).group_by(row.day, row.currency)


def _sum(amounts: Any) -> sa.ColumnElement[int]:
    """A sum that is a whole number on both stores: PostgreSQL's own would be a decimal."""
    return sa.cast(sa.func.sum(amounts), sa.BigInteger())
