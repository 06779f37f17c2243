"""Reports for the marketing site: revenue by period from the kept figures, and where customers come from."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa

from app.features.accounts.models import Customer, CustomerAlias
from app.features.dashboard import daily, service
from app.features.dashboard.daily import Daily
from app.features.payments.models import Payment
from app.features.tenants import service as tenants
from app.kernel import clock, db
from app.kernel.errors import Invalid
from app.kernel.money import Money

USUAL = {"day": 30, "week": 84, "month": 365, "year": 5 * 365}
"""How many days are told where none are named."""
MOST_PERIODS = 400
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Days beyond are told of nothing, and some cannot be counted on from."""
MOST_ROWS = 200


@dataclass(frozen=True)
class Period:
    """One day, week (from Monday), month or year, cut to the days that were asked for."""

    begin: date
    end: date
    revenue: Money
    invoiced: Money
    mrr: Money
    """At its end."""
    new: Money
    expansion: Money
    contraction: Money
    churned: Money
    churn_rate: float | None
    services: int
    customers: int
    orders: int


@dataclass(frozen=True)
class Revenue:
    """What came in, by period, in one currency."""

    begin: date
    end: date
    currency: str
    currencies: list[str]
    total: Money
    mrr: Money
    periods: list[Period]


@dataclass(frozen=True)
class Acquired:
    """Who came from one source and campaign."""

    source: str
    campaign: str
    customers: int
    paying: int
    revenue: list[Money]
    """What they paid in all, one amount for each currency."""

    @property
    def conversion_rate(self) -> float:
        """Percent of them who paid anything."""
        return _percent(self.paying, self.customers)

    @property
    def lifetime_value(self) -> list[Money]:
        """What one of them paid on average."""
        return [one.times(Fraction(1, self.customers)) for one in self.revenue]


@dataclass(frozen=True)
class Acquisition:
    """Where customers came from."""

    rows: list[Acquired]
    customers: int
    paying: int

    @property
    def conversion_rate(self) -> float:
        """Percent of all who paid anything."""
        return _percent(self.paying, self.customers)


def revenue(group_by: str, begin: date | None, end: date | None, currency: str | None) -> Revenue:
    """What came in between two days, both included. One query.

    Raises:
        Invalid: the days are the wrong way round or out of reach, or there would be too many periods; names `from`.
    """
    if any(day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR for day in (begin, end)):
        raise Invalid.field("from", f"Days from the year {FIRST_YEAR} to {LAST_YEAR}, please.")
    tenant = tenants.current()
    last = end or service.day_of(clock.now(), tenant.time_zone)
    first = begin or last - timedelta(days=USUAL[group_by] - 1)
    if first > last:
        raise Invalid.field("from", "The first day is after the last one.")
    if (last - first).days > _span(group_by):
        raise Invalid.field("from", f"That is more than {MOST_PERIODS} periods. Ask for fewer days or longer periods.")
    kept, code = daily.read(first, last), currency or tenant.currency
    return Revenue(
        first,
        last,
        code,
        kept.currencies(),
        Money(kept.total(service.REVENUE, code), code),
        Money(kept.level(service.MRR, code), code),
        [_period(kept, *days, code) for days in _periods(first, last, group_by)],
    )


def _span(group_by: str) -> int:
    return MOST_PERIODS * {"day": 1, "week": 7, "month": 28, "year": 365}[group_by]


def _periods(begin: date, end: date, group_by: str) -> Iterator[tuple[date, date]]:
    while begin <= end:
        last = min(_last_day(begin, group_by), end)
        yield begin, last
        begin = last + timedelta(days=1)


def _last_day(day: date, group_by: str) -> date:
    """The last day of the calendar's week, month or year that `day` is in."""
    if group_by == "day":
        return day
    if group_by == "week":
        return day + timedelta(days=6 - day.weekday())
    if group_by == "year":
        return day.replace(month=12, day=31)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _period(kept: Daily, begin: date, end: date, currency: str) -> Period:
    def money(name: str) -> Money:
        return Money(kept.total(name, currency, begin=begin, end=end), currency)

    lost = money(service.KIND_FIGURES["churn"])
    before = kept.level(service.MRR, currency, end=begin - timedelta(days=1))
    return Period(
        begin,
        end,
        revenue=money(service.REVENUE),
        invoiced=money(service.INVOICED),
        mrr=Money(kept.level(service.MRR, currency, end=end), currency),
        new=money(service.KIND_FIGURES["new"]),
        expansion=money(service.KIND_FIGURES["expansion"]),
        contraction=money(service.KIND_FIGURES["contraction"]),
        churned=lost,
        churn_rate=_percent(-lost.minor, before) if before > 0 else None,
        services=kept.level(service.SERVICES, end=end),
        customers=kept.total(service.CUSTOMERS, begin=begin, end=end),
        orders=kept.total(service.ORDERS, begin=begin, end=end),
    )


def acquisition(source: str | None) -> Acquisition:
    """Customers by source and campaign with what they paid, the largest first. Two queries over the records."""
    where = [Customer.merged_at.is_(None), *([] if source is None else [Customer.marketing_source == source])]
    group = (Customer.marketing_source, Customer.utm_campaign)
    counted = sa.select(*group, sa.func.count()).where(*where).group_by(*group)
    customers = {(one, campaign): count for one, campaign, count in db.session().execute(counted)}
    paying: dict[tuple[str, str], int] = defaultdict(int)
    sums: dict[tuple[str, str], list[Money]] = defaultdict(list)
    kept = sa.func.sum(Payment.amount_minor - Payment.refunded_minor)
    paid = (
        sa.select(*group, Payment.currency, kept, sa.func.count(sa.distinct(Customer.id)))
        .outerjoin(CustomerAlias, CustomerAlias.merged_id == Payment.customer_id)
        .join(Customer, Customer.id == sa.func.coalesce(CustomerAlias.kept_id, Payment.customer_id))
        .where(Payment.status != "failed", Payment.gateway != service.FROM_CREDIT, *where)
        .group_by(*group, Payment.currency)
        .order_by(Payment.currency)
    )
    for one, campaign, currency, amount, people in db.session().execute(paid):
        sums[one, campaign].append(Money(int(amount), currency))
        paying[one, campaign] = min(paying[one, campaign] + people, customers.get((one, campaign), 0))
    largest = sorted(customers, key=lambda key: (-customers[key], key))
    rows = [Acquired(*key, customers[key], paying[key], sums[key]) for key in largest[:MOST_ROWS]]
    return Acquisition(rows, sum(customers.values()), sum(paying.values()))


def _percent(part: int, whole: int) -> float:
    return float(round(Decimal(100) * part / whole, 2)) if whole else 0.0
