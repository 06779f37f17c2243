"""`/api/marketing-api/reports/...`: what the marketing site is told of revenue and of where customers come from."""

from datetime import timedelta

import pytest

from app.features.orders.events import CustomerCreated
from app.kernel import clock, db, tenancy
from app.kernel.events import publish
from tests.accounts.factories import make_customer
from tests.api_keys.factories import make_key
from tests.dashboard.factories import make_figure
from tests.orders.factories import customer_of, make_order
from tests.payments.factories import make_payment
from tests.support.cast import keyed

REVENUE, CUSTOMERS = "/api/marketing-api/reports/revenue", "/api/marketing-api/reports/customers"


@pytest.fixture
def key(plans) -> str:
    """A key with the scope `marketing`, in a tenant that sells the four plans."""
    return make_key()[1]


def data(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json["success"] is True
    return answer.json["data"]


def past(days_ago: int, name: str, amount: int, currency: str = "") -> None:
    with clock.moved_to(clock.now() - timedelta(days=days_ago)):
        make_figure(name, amount, currency)


@pytest.mark.both_stores
def test_revenue_is_told_by_month(client, key, alice, now):
    past(40, "revenue", 12345, "USD")  # 11 October
    past(40, "mrr", 2000, "USD")
    past(40, "mrr_new", 2000, "USD")
    publish(CustomerCreated(alice.customer_id, alice.email, "shared-starter", "", ""))
    make_payment(make_order(alice).invoice)
    db.session().flush()

    told = data(client.get(f"{REVENUE}?groupBy=month&from=2026-10-01&to=2026-11-20", **keyed(key)))

    assert (told["from"], told["to"], told["groupBy"], told["currency"]) == ("2026-10-01", "2026-11-20", "month", "USD")
    assert (told["totalRevenue"], told["mrr"], told["arr"]) == (173.35, 24.16, 289.92)
    october, november = told["periods"]
    assert (october["from"], october["to"]) == ("2026-10-01", "2026-10-31")
    assert (october["revenue"], october["mrr"], october["newMrr"], october["churnRate"]) == (123.45, 20.0, 20.0, None)
    assert (november["revenue"], november["invoiced"], november["mrr"]) == (49.9, 49.9, 24.16)
    assert (november["activeServices"], november["newCustomers"], november["orders"]) == (1, 1, 1)
    assert november["churnRate"] == 0.0


@pytest.mark.parametrize(
    ("query", "count", "first"),
    [
        ("groupBy=day&from=2026-11-01&to=2026-11-20", 20, ("2026-11-01", "2026-11-01")),
        ("groupBy=week&from=2026-11-04&to=2026-11-20", 3, ("2026-11-04", "2026-11-08")),  # to the first Sunday
        ("groupBy=year&from=2025-03-01", 2, ("2025-03-01", "2025-12-31")),
        ("groupBy=day", 30, ("2026-10-22", "2026-10-22")),
        ("", 13, ("2025-11-21", "2025-11-30")),
    ],
)
def test_periods_are_those_of_the_calendar_cut_to_what_is_asked(client, key, now, query, count, first):
    periods = data(client.get(f"{REVENUE}?{query}", **keyed(key)))["periods"]

    assert len(periods) == count
    assert (periods[0]["from"], periods[0]["to"]) == first
    assert periods[-1]["to"] == "2026-11-20"


def test_churn_is_what_was_lost_of_what_there_was(client, key, now):
    past(30, "mrr", 10000, "USD")
    past(2, "mrr", -2500, "USD")
    past(2, "mrr_churn", -2500, "USD")

    (period,) = data(client.get(f"{REVENUE}?groupBy=month&from=2026-11-01", **keyed(key)))["periods"]

    assert (period["churnedMrr"], period["churnRate"], period["mrr"]) == (-25.0, 25.0, 75.0)


def test_each_currency_is_told_by_itself(client, key, now):
    past(1, "revenue", 500, "EUR")
    past(1, "revenue", 700, "USD")

    own = data(client.get(f"{REVENUE}?groupBy=day", **keyed(key)))
    other = data(client.get(f"{REVENUE}?groupBy=day&currency=EUR", **keyed(key)))

    assert (own["currency"], own["totalRevenue"]) == ("USD", 7.0)
    assert (other["currency"], other["totalRevenue"]) == ("EUR", 5.0)
    assert own["currencies"] == ["EUR", "USD"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("groupBy=hour", "groupBy"),
        ("from=yesterday", "from"),
        ("from=2026-11-20&to=2026-11-01", "from"),
        ("groupBy=day&from=1999-01-01", "from"),
        ("from=2026-02-30", "from"),
        ("groupBy=month&from=0001-01-01&to=0001-02-01", "from"),
        ("groupBy=month&from=9999-12-01&to=9999-12-31", "from"),
        ("groupBy=year&to=0001-01-05", "from"),
        ("currency=usd", "currency"),
        ("currency=';--", "currency"),
        ("nonsense=1", "nonsense"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(client, key, now, query, field):
    answer = client.get(f"{REVENUE}?{query}", **keyed(key))

    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert field in answer.get_data(as_text=True)


@pytest.mark.both_stores
def test_customers_are_told_by_source_and_campaign(client, key, alice, bob, now):
    customer = customer_of(alice)
    customer.marketing_source, customer.utm_campaign = "google-ads", "summer-sale"
    make_customer("Tess Whitlock", marketing_source="google-ads", utm_campaign="summer-sale")
    make_payment(make_order(alice).invoice)
    make_payment(make_order(alice, plan="shared-business").invoice)
    db.session().flush()

    told = data(client.get(CUSTOMERS, **keyed(key)))

    assert told["customers"] == 3
    first, rest = told["sources"]
    assert first == {
        "source": "google-ads",
        "campaign": "summer-sale",
        "customers": 2,
        "payingCustomers": 1,
        "conversionRate": 50.0,
        "lifetimeValue": {"USD": 74.9},
        "revenue": {"USD": 149.8},
    }
    assert (rest["source"], rest["customers"], rest["revenue"]) == ("", 1, {})


def test_one_source_can_be_asked_for(client, key, alice, now):
    make_customer("Tess Whitlock", marketing_source="google-ads")

    told = data(client.get(f"{CUSTOMERS}?source=google-ads", **keyed(key)))

    assert [row["source"] for row in told["sources"]] == ["google-ads"]
    assert data(client.get(f"{CUSTOMERS}?source=nobody", **keyed(key)))["sources"] == []


def test_a_foreign_key_reads_its_own_house_alone(client, key, other_tenant, now):
    past(1, "revenue", 77700, "USD")
    make_customer("Tess Whitlock", marketing_source="google-ads")
    with tenancy.as_tenant(other_tenant.id):
        theirs = make_key()[1]
        db.session().flush()

    assert data(client.get(REVENUE, **keyed(theirs)))["totalRevenue"] == 0
    assert data(client.get(CUSTOMERS, **keyed(theirs)))["customers"] == 0


@pytest.mark.parametrize("path", [REVENUE, CUSTOMERS])
def test_nobody_reads_reports_without_a_key_for_them(client, key, as_alice, path):
    other = make_key(scopes=["webhook"])[1]

    assert client.get(path).status_code == 401
    assert as_alice.get(path).status_code in {401, 403}
    assert client.get(path, **keyed(other)).status_code == 403
