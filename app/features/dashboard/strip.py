"""The numbers on top of the staff's first page, each with what it is measured against and its line."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from app.features.dashboard import figures, service
from app.features.dashboard.daily import Daily
from app.features.dashboard.figures import Stat
from app.features.dashboard.ranges import Range
from app.features.dashboard.waiting import Overdue
from app.features.provisioning.slots import Waiting as Tasks
from app.kernel import words
from app.kernel.money import Money

A_DAY = timedelta(days=1)


def sums(kept: Daily, edges: Sequence[date], name: str, currency: str = "") -> list[int]:
    """A figure for each step between the edges."""
    return [kept.total(name, currency, begin=begin, end=end - A_DAY) for begin, end in pairwise(edges)]


def levels(kept: Daily, edges: Sequence[date], name: str, currency: str = "") -> list[int]:
    """How much there was at the end of each step."""
    return [kept.level(name, currency, end=edge - A_DAY) for edge in edges[1:]]


def revenue(kept: Daily, span: Range, currency: str, href: str) -> Stat:
    """Money that came in less money that went back, against the days before."""
    now = kept.total(service.REVENUE, currency, begin=span.begin)
    before = kept.total(service.REVENUE, currency, end=span.before_end, begin=span.before_begin)
    change = figures.percent(now, before)
    return Stat(
        f"Revenue, {span.short}",
        figures.short(Money(now, currency)),
        (change, span.against) if change else f"none in {span.before_words}",
        _better(now - before) if change else "",
        href,
        points=sums(kept, span.edges, service.REVENUE, currency),
        before=sums(kept, span.before_edges, service.REVENUE, currency),
    )


def monthly_revenue(kept: Daily, span: Range, currency: str, href: str) -> Stat:
    """What all running services bring in by the month, at the end of the days."""
    change = kept.total(service.MRR, currency, begin=span.begin)
    return Stat(
        "MRR",
        figures.short(Money(kept.level(service.MRR, currency), currency)),
        (figures.signed(Money(change, currency)), f"in {span.short}" if span.key in RUNNING else span.short),
        _better(change),
        href,
        points=levels(kept, span.edges, service.MRR, currency),
    )


RUNNING = {"7d", "30d", "90d", "own"}
"""Ranges whose short name is a number of days."""


def new_customers(kept: Daily, span: Range, href: str) -> Stat:
    """Who came, against the days before."""
    now = kept.total(service.CUSTOMERS, begin=span.begin)
    before = kept.total(service.CUSTOMERS, begin=span.before_begin, end=span.before_end)
    change = figures.percent(now, before)
    return Stat(
        "New customers",
        f"{now:,}",
        (change, span.against) if change else f"{kept.level(service.CUSTOMERS):,} in all",
        _better(now - before) if change else "",
        href,
        points=sums(kept, span.edges, service.CUSTOMERS),
        before=sums(kept, span.before_edges, service.CUSTOMERS),
    )


def active_services(kept: Daily, span: Range, href: str) -> Stat:
    """What runs at the end of the days."""
    begun, ended = (kept.total(name, begin=span.begin) for name in (service.BEGUN, service.ENDED))
    return Stat(
        "Active services",
        f"{kept.level(service.SERVICES):,}",
        (f"+{begun:,}", f"new, {ended:,} ended"),
        "up" if begun else "",
        href,
        points=levels(kept, span.edges, service.SERVICES),
    )


def churn(kept: Daily, span: Range) -> Stat:
    """The share of the services that ran in these days and stopped in them, suspended ones included."""
    now, before = _lost(kept, span.begin, span.end), _lost(kept, span.before_begin, span.before_end)
    label, points = f"Churn, {span.short}", sums(kept, span.edges, service.ENDED)
    detail = f"{words.plural(kept.total(service.ENDED, begin=span.begin), 'service')} ended"
    if now is None:
        return Stat(label, "–", detail, points=points)
    difference = None if before is None else round(now - before, 1)
    if not difference:
        return Stat(label, f"{now:.1f}", detail, unit="%", points=points)
    change = (f"{'+' if difference > 0 else '−'}{abs(difference)}", "points")
    return Stat(label, f"{now:.1f}", change, "down" if difference > 0 else "up", unit="%", points=points)


def _lost(kept: Daily, begin: date, end: date) -> Decimal | None:
    """Percent of what ran at any time between; None where nothing did."""
    ran = kept.level(service.SERVICES, end=begin - A_DAY) + kept.total(service.BEGUN, begin=begin, end=end)
    return Decimal(100) * kept.total(service.ENDED, begin=begin, end=end) / ran if ran > 0 else None


def overdue(late: Overdue, href: str) -> Stat:
    """What should have been paid by now."""
    if not late.invoices:
        return Stat("Overdue", late.total.sign(), "no invoice is late", href=href)
    return Stat("Overdue", figures.short(late.total), words.plural(late.invoices, "invoice"), "warn", href)


def tasks(waiting: Tasks, zone: str, href: str | None) -> Stat:
    """What is being set up, switched or taken down, and is not done yet."""
    detail, tone = "nothing to set up", ""
    if waiting.stuck:
        detail, tone = f"{waiting.stuck:,} stuck", "bad"
    elif waiting.oldest is not None:
        detail = f"oldest {words.ago(waiting.oldest, zone)}"
    return Stat("Open set-ups", f"{waiting.tasks:,}", detail, tone, href)


def _better(change: int) -> str:
    return "up" if change > 0 else "down" if change < 0 else ""
