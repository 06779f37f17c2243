"""The kept figures agree with what happened, whatever happens to the work that keeps them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.features.dashboard import daily, service, tasks
from app.features.dashboard.models import FigureDelta
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from tests.orders.factories import make_order

pytestmark = pytest.mark.both_stores
DAY = date(2026, 11, 20)
BEGIN, END = date(2026, 11, 1), date(2026, 11, 30)


def figure(name: str, currency: str = "", *, begin: date = BEGIN, end: date = END) -> int:
    db.session().flush()
    return daily.read(begin, end).total(name, currency)


def test_a_sale_counts_on_the_day_it_happens(tenant, alice, plans, now):
    make_order(alice)
    now.shift(timedelta(days=1))
    make_order(alice, plan="shared-business")

    found = daily.read(BEGIN, END)

    assert found.of("orders") == {DAY: 1, DAY + timedelta(days=1): 1}
    assert found.of("invoiced", "USD") == {DAY: 4990, DAY + timedelta(days=1): 9990}


def test_what_is_folded_and_what_is_not_add_up_to_the_same(tenant, alice, plans, now):
    make_order(alice)
    before = figure("invoiced", "USD")
    tasks.fold()
    assert db.session().scalar(sa.select(sa.func.count()).select_from(FigureDelta)) == 0
    assert figure("invoiced", "USD") == before == 4990

    make_order(alice)

    assert figure("invoiced", "USD") == 9980
    tasks.fold()
    tasks.fold()
    assert figure("invoiced", "USD") == 9980
    assert figure("orders") == 2


def test_more_than_one_chunk_is_folded_to_the_last_row(tenant, now, monkeypatch):
    monkeypatch.setattr(service, "FOLDED_AT_ONCE", 3)
    for _ in range(10):
        service.keep(service.REVENUE, 7, "USD")
    db.session().flush()

    assert service.fold() == 10
    assert figure("revenue", "USD") == 70


def test_currencies_are_never_summed(tenant, now):
    service.keep(service.REVENUE, 500, "USD")
    service.keep(service.REVENUE, 800, "EUR")
    db.session().flush()

    found = daily.read(BEGIN, END)

    assert (found.total("revenue", "USD"), found.total("revenue", "EUR")) == (500, 800)
    assert found.currencies() == ["EUR", "USD"]


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        ("UTC", datetime(2026, 11, 21, 0, 0, tzinfo=UTC), date(2026, 11, 21)),
        ("Pacific/Auckland", datetime(2026, 11, 20, 10, 59, tzinfo=UTC), date(2026, 11, 20)),
        ("Pacific/Auckland", datetime(2026, 11, 20, 11, 0, tzinfo=UTC), date(2026, 11, 21)),
        # the clocks go back on 25 October and forward on 29 March 2026
        ("Europe/Berlin", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        ("Europe/Berlin", datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Berlin", datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
    ],
)
def test_a_day_begins_and_ends_by_the_tenants_clocks(tenant, now, zone, moment, day):
    tenant.time_zone = zone
    tenants.forget()
    now.move_to(moment)

    service.keep(service.REVENUE, 1, "USD")
    db.session().flush()

    assert daily.read(date(2026, 1, 1), END).of("revenue", "USD") == {day: 1}


def test_the_level_is_the_sum_of_all_days_before(tenant, now):
    for days_ago, change in ((400, 1000), (40, 500), (3, -200), (0, 50)):
        with clock.moved_to(clock.now() - timedelta(days=days_ago)):
            service.keep(service.MRR, change, "USD")
    db.session().flush()
    service.fold()
    service.keep(service.MRR, 7, "USD")
    db.session().flush()

    found = daily.read(DAY - timedelta(days=10), DAY)

    assert found.level("mrr", "USD") == 1357
    assert found.level("mrr", "USD", end=DAY - timedelta(days=10)) == 1500
    assert found.total("mrr", "USD") == -143


def test_nothing_is_kept_of_what_was_rolled_back(fresh_engine):
    with tenancy.across_tenants("operator"), db.transaction():
        tenant_id = tenants.create("Harbourline", slug="operator", is_operator=True).id
    with tenancy.as_tenant(tenant_id), pytest.raises(ZeroDivisionError), db.transaction() as session:
        service.keep(service.REVENUE, 100, "USD")
        session.flush()
        _ = 1 / 0

    service.fold()

    with tenancy.as_tenant(tenant_id), db.transaction(write=False):
        assert daily.read(BEGIN, END).days == {}


def test_many_count_at_once_while_two_workers_fold(fresh_engine):
    """Nobody waits for anybody's row, nothing is lost and nothing counted twice."""
    with tenancy.across_tenants("operator"), db.transaction():
        tenant_id = tenants.create("Harbourline", slug="operator", is_operator=True).id

    def count() -> None:
        for _ in range(25):
            with tenancy.as_tenant(tenant_id), db.transaction():
                service.keep(service.REVENUE, 3, "USD")

    def fold() -> None:
        for _ in range(15):
            service.fold()

    with ThreadPoolExecutor(5) as pool:
        for done in [pool.submit(work) for work in (count, count, count, fold, fold)]:
            done.result()
    service.fold()

    today = service.day_of(clock.now(), "UTC")
    with tenancy.as_tenant(tenant_id), db.transaction(write=False) as session:
        assert daily.read(today - timedelta(days=1), today).total("revenue", "USD") == 3 * 75
        assert session.scalar(sa.select(sa.func.count()).select_from(FigureDelta)) == 0


def test_each_tenant_has_its_own_figures(tenant, other_tenant, now):
    service.keep(service.REVENUE, 100, "USD")
    db.session().flush()
    with tenancy.as_tenant(other_tenant.id):
        service.keep(service.REVENUE, 9, "USD")
        db.session().flush()

    service.fold()

    assert figure("revenue", "USD") == 100
    with tenancy.as_tenant(other_tenant.id):
        assert figure("revenue", "USD") == 9
