"""What the reports ask for and tell, as JSON. Keys are as SPEC 3 spells them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.features.dashboard.reports import Acquired, Acquisition, Period, Revenue
from app.kernel.schemas import Answer, Line, Major, Query, camel


class RevenueQuery(Query):
    """Which days, and how they are grouped. Without days: the last 30, or what `groupBy` makes of them."""

    group_by: Annotated[Literal["day", "week", "month", "year"], Field(alias="groupBy")] = "month"
    begin: Annotated[date | None, Field(alias="from", description="The first day, as 2026-01-01.")] = None
    end: Annotated[date | None, Field(alias="to", description="The last day, included. By default today.")] = None
    currency: Annotated[str | None, Field(min_length=3, max_length=3, pattern="^[A-Z]{3}$")] = None


class PeriodOut(Answer, alias_generator=camel):
    """One day, week, month or year. Amounts in major units of the report's currency."""

    begin: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    revenue: Major
    invoiced: Major
    mrr: Annotated[Major, Field(description="At the end of the period.")]
    arr: Annotated[Major, Field(description="Twelve times the MRR.")]
    new_mrr: Major
    expansion_mrr: Major
    contraction_mrr: Major
    churned_mrr: Major
    churn_rate: Annotated[float | None, Field(description="Percent of the MRR at the beginning; null when it was 0.")]
    active_services: int
    new_customers: int
    orders: int

    @classmethod
    def of(cls, period: Period) -> "PeriodOut":
        """One period as it is told."""
        return cls(
            begin=period.begin,
            end=period.end,
            revenue=period.revenue.major,
            invoiced=period.invoiced.major,
            mrr=period.mrr.major,
            arr=period.mrr.times(12).major,
            new_mrr=period.new.major,
            expansion_mrr=period.expansion.major,
            contraction_mrr=period.contraction.major,
            churned_mrr=period.churned.major,
            churn_rate=period.churn_rate,
            active_services=period.services,
            new_customers=period.customers,
            orders=period.orders,
        )


class RevenueOut(Answer, alias_generator=camel):
    """Revenue by period, in one currency. Other currencies in which anything is kept are named."""

    group_by: str
    begin: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    currency: str
    currencies: list[str]
    total_revenue: Major
    mrr: Major
    arr: Major
    periods: list[PeriodOut]

    @classmethod
    def of(cls, report: Revenue, group_by: str) -> "RevenueOut":
        """The report as it is told."""
        return cls(
            group_by=group_by,
            begin=report.begin,
            end=report.end,
            currency=report.currency,
            currencies=report.currencies,
            total_revenue=report.total.major,
            mrr=report.mrr.major,
            arr=report.mrr.times(12).major,
            periods=[PeriodOut.of(period) for period in report.periods],
        )


class CustomersQuery(Query):
    """Where the customers came from."""

    source: Annotated[Line | None, Field(description="Only this `marketingSource`.", examples=["google-ads"])] = None


class AcquiredOut(Answer, alias_generator=camel):
    """Who came from one source and campaign, and what became of them."""

    source: str
    campaign: str
    customers: int
    paying_customers: int
    conversion_rate: Annotated[float, Field(description="Percent of the customers who have paid something.")]
    lifetime_value: Annotated[dict[str, Major], Field(description="Paid by one customer on average, by currency.")]
    revenue: Annotated[dict[str, Major], Field(description="Paid by all of them, by currency.")]

    @classmethod
    def of(cls, row: Acquired) -> "AcquiredOut":
        """One row as it is told."""
        return cls(
            source=row.source,
            campaign=row.campaign,
            customers=row.customers,
            paying_customers=row.paying,
            conversion_rate=row.conversion_rate,
            lifetime_value={one.currency: one.major for one in row.lifetime_value},
            revenue={one.currency: one.major for one in row.revenue},
        )


class CustomersOut(Answer, alias_generator=camel):
    """Acquisition by source and campaign, the most customers first; at most 200 rows."""

    customers: int
    paying_customers: int
    conversion_rate: float
    sources: list[AcquiredOut]

    @classmethod
    def of(cls, report: Acquisition) -> "CustomersOut":
        """The report as it is told."""
        return cls(
            customers=report.customers,
            paying_customers=report.paying,
            conversion_rate=report.conversion_rate,
            sources=[AcquiredOut.of(row) for row in report.rows],
        )
