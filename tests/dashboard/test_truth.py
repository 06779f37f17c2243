"""What the business does is kept as figures, and the records prove it."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.features.catalogue import service as catalogue
from app.features.dashboard import daily, service, truth
from app.features.dashboard.models import FIGURES, DailyFigure, FigureDelta, Movement
from app.features.orders.events import CustomerCreated
from app.features.payments import refunds
from app.features.payments import service as payments
from app.features.subscriptions import lifecycle
from app.features.subscriptions.events import SubscriptionActivated
from app.features.tenants import service as tenants
from app.kernel import db, tenancy
from app.kernel.events import publish
from app.kernel.money import Money
from tests.catalogue.factories import make_promo_code
from tests.orders.factories import make_order

pytestmark = pytest.mark.both_stores
BEGIN, END = date(2026, 11, 1), date(2027, 12, 31)


def by_day(kept) -> dict:
    """Every figure that is not nothing."""
    codes = ("", *kept.currencies())
    return {(name, code): kept.of(name, code) for name in FIGURES for code in codes if kept.of(name, code)}


def total(name: str, currency: str = "USD") -> int:
    db.session().flush()
    return daily.read(BEGIN, END).total(name, currency)


def mrr() -> dict[str, int]:
    return {name: total(name) for name in ("mrr", *service.KIND_FIGURES.values()) if total(name)}


def pay(placed, minor: int | None = None, *, reference: str = "TX-1", gateway: str = "bank"):
    amount = Money(placed.invoice.total_minor if minor is None else minor, "USD")
    return payments.receive(placed.invoice.id, amount, gateway=gateway, reference=reference)


@pytest.fixture
def known(alice):
    """Alice, whose coming was told, as the marketing site's doors tell it."""
    publish(CustomerCreated(alice.customer_id, alice.email, "shared-starter", "", ""))
    return alice


@pytest.fixture
def bought(known, plans, now):
    """Starter for a year, 49.90."""
    return make_order(known)


def test_money_counts_when_it_comes_in_and_less_when_it_goes_back(bought):
    payment = pay(bought).payment
    assert total("revenue") == 4990

    refunds.refund(payment.id, Money(1000, "USD"))
    refunds.refund(payment.id, Money(990, "USD"))

    assert total("revenue") == 3000
    assert truth.check() == []


def test_a_reference_told_twice_counts_once(bought):
    pay(bought)
    with pytest.raises(payments.ReferenceUsed), db.session().begin_nested():
        pay(bought)

    assert total("revenue") == 4990
    assert truth.check() == []


def test_credit_was_counted_when_it_came_in_and_is_not_again(bought, alice):
    pay(bought, 9990)  # 50.00 too much: credit of the account
    second = make_order(alice, plan="shared-starter")

    pay(second, gateway="credit", reference="credit-1")

    assert total("revenue") == 9990
    assert truth.check() == []


def test_a_paid_subscription_brings_in_a_share_of_its_price_each_month(bought):
    pay(bought)

    assert mrr() == {"mrr": 416, "mrr_new": 416}  # 49.90 / 12 = 4.1583, half up
    assert (total("services", ""), total("services_begun", "")) == (1, 1)
    assert truth.check() == []


@pytest.mark.parametrize(
    ("minor", "cycle", "monthly"),
    [(499, "monthly", 499), (1497, "quarterly", 499), (4990, "oneYear", 416), (6, "oneYear", 1), (5, "oneYear", 0),
     (13473, "threeYears", 374), (99900, "oneTime", 0)],
)  # fmt: skip
def test_the_monthly_share_is_rounded_half_up(minor, cycle, monthly):
    assert service.monthly_minor(minor, cycle) == monthly


def test_every_turn_of_a_subscription_moves_the_figures_and_they_still_agree(bought, now):
    pay(bought)
    subscription = bought.subscription
    now.shift(timedelta(days=3))
    lifecycle.suspend(subscription, reason="Not paid")
    assert mrr() == {"mrr_new": 416, "mrr_churn": -416}
    assert (total("services", ""), total("services_ended", "")) == (0, 1)

    now.shift(timedelta(days=2))
    lifecycle.resume(subscription)
    business = catalogue.find_sellable("shared-business")
    lifecycle.switch_plan(subscription, product=business, price=catalogue.price_of(business, "oneYear", "USD"))
    assert mrr() == {"mrr": 833, "mrr_new": 832, "mrr_expansion": 417, "mrr_churn": -416}

    starter = catalogue.find_sellable("shared-starter")
    lifecycle.switch_plan(subscription, product=starter, price=catalogue.price_of(starter, "monthly", "USD"))
    assert total("mrr") == 499
    assert total("mrr_contraction") == -334

    lifecycle.cancel(subscription, reason="Moving away")
    assert total("mrr") == 499  # it runs on to the end of what is paid
    lifecycle.cancel_now(subscription, reason="At once")
    assert total("mrr") == 0
    assert truth.check() == []
    service.fold()
    assert truth.check() == []


def test_the_same_news_twice_changes_nothing(bought):
    pay(bought)
    told = bought.subscription
    before = mrr()

    service.on_subscription(
        SubscriptionActivated(
            told.id, told.customer_id, told.product_id, "shared-starter", told.cycle, told.price_minor,
            told.currency, told.period_start, told.period_end,
        )
    )  # fmt: skip

    assert mrr() == before
    assert truth.check() == []


def test_what_is_free_runs_and_brings_in_its_list_price(known, plans, now):
    make_order(known, promo_code=make_promo_code("GIFT", percent=100).code)

    assert total("services", "") == 1
    assert truth.check() == []


def test_the_check_says_which_day_is_wrong(bought):
    service.fold()
    db.session().execute(sa.update(DailyFigure).where(DailyFigure.invoiced > 0).values(invoiced=4991))

    assert truth.check() == ["2026-11-20 invoiced USD: kept 4,991, in truth 4,990"]


def test_the_check_says_which_subscription_is_wrong(bought):
    pay(bought)
    db.session().execute(sa.update(Movement).values(monthly_minor=400))
    service.fold()

    found = truth.check()

    assert f"subscription {bought.subscription.id}: kept 400 a month, in truth 416" in found


def test_a_rebuild_makes_what_was_lost_anew(bought, alice, now):
    pay(bought)
    now.shift(timedelta(days=1))
    other = make_order(alice, plan="shared-business")
    pay(other, reference="TX-2")
    before = daily.read(BEGIN, END)
    for model in (FigureDelta, DailyFigure, Movement):
        db.session().execute(sa.delete(model))
    db.session().expire_all()
    assert truth.check() != []

    truth.rebuild()

    after = daily.read(BEGIN, END)
    assert by_day(after) == by_day(before)
    assert truth.check() == []
    truth.rebuild()
    assert by_day(daily.read(BEGIN, END)) == by_day(after)


def test_a_rebuild_follows_the_tenants_clocks(bought, tenant):
    tenant.time_zone = "Pacific/Auckland"
    tenants.forget()

    truth.rebuild()

    assert daily.read(BEGIN, END).of("orders") == {date(2026, 11, 21): 1}


def test_a_rebuild_touches_no_other_tenant(bought, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        service.keep(service.REVENUE, 77, "USD")
        db.session().flush()

    truth.rebuild()

    with tenancy.as_tenant(other_tenant.id):
        assert total("revenue") == 77
        truth.rebuild()
        assert total("revenue") == 0
