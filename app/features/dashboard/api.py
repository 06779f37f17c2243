"""`/api/marketing-api/reports/...`: revenue by period and where customers come from, with a key."""

from app.features.dashboard import reports
from app.features.dashboard.schemas import CustomersOut, CustomersQuery, RevenueOut, RevenueQuery
from app.kernel.access import keyed
from app.kernel.api import ApiRoutes
from app.kernel.errors import Invalid

routes = ApiRoutes("dashboard", prefix="/api/marketing-api/reports", envelope=True, tag="Reports")

SCOPE = "marketing"
READING = ("100/minute",)


@routes.get("/revenue", errors=(Invalid,))
@keyed(SCOPE, limits=READING)
def revenue(query: RevenueQuery) -> RevenueOut:
    """Revenue, MRR, ARR and churn, per period.

    Payments less refunds, by the days of the house's own time zone, in one currency: the house's own unless
    another is named.
    """
    found = reports.revenue(query.group_by, query.begin, query.end, query.currency)
    return RevenueOut.of(found, query.group_by)


@routes.get("/customers")
@keyed(SCOPE, limits=READING)
def customers(query: CustomersQuery) -> CustomersOut:
    """Acquisition by source and campaign, with conversion and lifetime value."""
    return CustomersOut.of(reports.acquisition(query.source))
