"""The drawings of the staff's first page: what uPlot draws, what they say, and their numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel.numbers import get_currency_symbol

from app.features.dashboard import service, strip
from app.features.dashboard.daily import Daily
from app.features.dashboard.ranges import Range, said, seconds
from app.kernel import words
from app.kernel.money import Money

STEPS = {"day": "by day", "week": "by week", "month": "by month"}


@dataclass(frozen=True)
class Chart:
    """What `ui.chart` draws."""

    total: str
    text: str
    """The line under its title."""
    label: str
    data: dict[str, Any]
    table: dict[str, Any]


def revenue(kept: Daily, span: Range, currency: str) -> Chart:
    """Money that came in less money that went back, with the days before beside it."""
    now = strip.sums(kept, span.edges, service.REVENUE, currency)
    before = strip.sums(kept, span.before_edges, service.REVENUE, currency)
    before = (before + [0] * len(now))[: len(now)]
    total, highest = Money(sum(now), currency), Money(max(now), currency)
    lines = [
        {"label": "Before", "token": "--chart-quiet", "dash": [3, 4], "data": _major(before, currency)},
        {"label": "Revenue", "token": "--chart-1", "area": True, "data": _major(now, currency)},
    ]
    rows = zip(_steps(span), now, before, strict=True)
    return Chart(
        total=total.sign(),
        text=f"Payments less refunds, {STEPS[span.step]}",
        label=f"Revenue {STEPS[span.step]}, {span.words}: {total.plain} in all, at most {highest.plain} a {span.step}",
        data={**_axis(span), "prefix": symbol(currency), "min": 0 if min(now + before) >= 0 else None, "series": lines},
        table={
            "head": [span.step.capitalize(), "Revenue", "Before"],
            "rows": [[step, *(Money(one, currency).plain for one in pair)] for step, *pair in rows],
        },
    )


def movements(kept: Daily, span: Range, currency: str) -> Chart:
    """What was won and lost of the monthly revenue: bars above and below the line, each of two tones."""
    kinds = service.KIND_FIGURES
    new, grown, shrunk, lost = (strip.sums(kept, span.edges, kinds[kind], currency) for kind in kinds)
    won = [one + other for one, other in zip(new, grown, strict=True)]
    gone = [one + other for one, other in zip(shrunk, lost, strict=True)]
    bars = [
        _bar("Grown", "--chart-1-soft", won, currency, real=grown),
        _bar("New", "--chart-1", new, currency),
        _bar("Shrunk", "--chart-4-soft", gone, currency, real=shrunk),
        _bar("Lost", "--chart-4", lost, currency),
    ]
    change = Money(sum(won) + sum(gone), currency)
    rows = zip(_steps(span), new, grown, shrunk, lost, strict=True)
    return Chart(
        total=change.sign(),
        text="New and grown above the line, shrunk and lost below",
        label=f"MRR movements {STEPS[span.step]}, {span.words}: {Money(sum(won), currency).plain} won, "
        f"{Money(-sum(gone), currency).plain} lost",
        data={**_axis(span), "prefix": symbol(currency), **({} if any(won + gone) else {"max": 4}), "series": bars},
        table={
            "head": [span.step.capitalize(), "New", "Grown", "Shrunk", "Lost"],
            "rows": [[step, *(Money(one, currency).plain for one in amounts)] for step, *amounts in rows],
        },
    )


def new_customers(kept: Daily, span: Range) -> Chart:
    """Who came."""
    counts = strip.sums(kept, span.edges, service.CUSTOMERS)
    total = sum(counts)
    line = {"label": "New", "token": "--chart-1", "bars": True, "data": counts}
    return Chart(
        total=f"{total:,}",
        text=STEPS[span.step].capitalize(),
        label=f"New customers {STEPS[span.step]}, {span.words}: {words.plural(total, 'customer')}, "
        f"at most {max(counts)} a {span.step}",
        data={**_axis(span), "min": 0, "max": max(4, max(counts) * 1.15), "series": [line]},
        table={
            "head": [span.step.capitalize(), "New customers"],
            "rows": [[step, f"{count:,}"] for step, count in zip(_steps(span), counts, strict=True) if count]
            or [[span.words, "0"]],
        },
    )


def symbol(currency: str) -> str:
    """The sign before a number: `$`, `CHF `."""
    found = str(get_currency_symbol(currency, locale="en"))
    return f"{found} " if found[-1].isalpha() else found


def _axis(span: Range) -> dict[str, Any]:
    found: dict[str, Any] = {"x": [seconds(day) for day in span.edges[:-1]]}
    if span.step == "month":
        found["months"] = True
    return found


def _steps(span: Range) -> list[str]:
    """Each step in words: `20 Nov 2026`, `14 to 20 Nov 2026`, `Nov 2026`."""
    return [_step(begin, end, span.step) for begin, end in zip(span.edges, span.edges[1:], strict=False)]


def _step(begin: date, end: date, step: str) -> str:
    last = end - timedelta(days=1)
    if step == "month":
        return f"{begin:%b %Y}"
    return said(begin) if begin == last else f"{begin.day} {begin:%b} to {said(last)}"


def _bar(label: str, token: str, heights: list[int], currency: str, *, real: list[int] | None = None) -> dict[str, Any]:
    """Bars up to `heights`; where another part is drawn over them, `real` is their own share of that."""
    drawn = {"label": label, "token": token, "bars": True, "size": 0.5, "data": _major(heights, currency)}
    return drawn if real is None else {**drawn, "radius": 0.14, "real": _major(real, currency)}


def _major(amounts: Sequence[int], currency: str) -> list[float]:
    """Numbers to draw by: the amounts themselves stand in the table."""
    return [float(Money(one, currency).major) for one in amounts]
