"""What may become of a subscription, from where, once; and what is told of it."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.catalogue import service as catalogue
from app.features.catalogue.cycles import CYCLES, end_of
from app.features.subscriptions import service, tasks
from app.features.subscriptions.models import Subscription
from app.features.subscriptions.service import WrongState
from app.kernel import clock, db
from app.kernel.errors import Invalid
from tests.catalogue.factories import make_price, make_product
from tests.orders.factories import customer_of, make_order

pytestmark = pytest.mark.both_stores

VERBS = {
    "activate": service.activate,
    "suspend": lambda one: service.suspend(one, reason="Abuse"),
    "resume": service.resume,
    "cancel": lambda one: service.cancel(one, reason="Too dear"),
    "keep": service.keep,
    "cancel_now": lambda one: service.cancel_now(one, reason="Fraud"),
    "terminate": lambda one: service.terminate(one, reason="Unpaid"),
}
ALLOWED = {
    "pending": {"activate", "cancel_now"},
    "active": {"suspend", "cancel", "cancel_now", "terminate"},
    "ending": {"suspend", "keep", "cancel_now", "terminate"},
    "suspended": {"resume", "cancel", "cancel_now", "terminate"},
    "cancelled": set(),
    "terminated": set(),
}


def actions():
    """What the audit log holds of subscriptions, oldest first."""
    found = db.session().scalars(sa.select(AuditLog.action).order_by(AuditLog.id))
    return [action.removeprefix("SUBSCRIPTION_") for action in found if action.startswith("SUBSCRIPTION_")]


def make(user, state, **wanted):
    """A subscription in this state."""
    one = make_order(user, **wanted).subscription
    if state == "cancelled":
        service.cancel_now(one, reason="Never mind")
    elif state != "pending":
        service.activate(one)
    if state == "suspended":
        service.suspend(one, reason="Abuse")
    if state == "ending":
        service.cancel(one, reason="Too dear")
    if state == "terminated":
        service.terminate(one, reason="Unpaid")
    return one


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", ALLOWED)
def test_each_verb_works_from_its_states_and_is_refused_from_the_others(plans, alice, state, verb):
    one = make(alice, state)
    before, told = one.status, len(actions())

    if verb in ALLOWED[state]:
        VERBS[verb](one)
        assert len(actions()) > told
    elif verb == "activate":
        assert service.activate(one) is False
        assert (one.status, len(actions())) == (before, told)
    else:
        with pytest.raises(WrongState):
            VERBS[verb](one)
        assert (one.status, len(actions())) == (before, told)


def test_a_whole_life_is_told_in_order(plans, alice):
    one = make(alice, "active")
    service.suspend(one, reason="Abuse")
    service.resume(one)
    service.cancel(one, reason="Too dear")
    service.keep(one)
    service.cancel_now(one, reason="Fraud")

    assert actions() == [
        "CREATED", "ACTIVATED", "SUSPENDED", "RESUMED", "CANCELLED", "KEPT", "CANCELLED", "TERMINATED",
    ]  # fmt: skip
    assert (one.status, one.ended_at, one.auto_renew) == ("terminated", clock.now(), False)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_has_to_say_something(plans, alice, reason):
    one = make(alice, "active")

    for verb in (service.suspend, service.cancel, service.cancel_now, service.terminate):
        with pytest.raises(Invalid) as refused:
            verb(one, reason=reason)
        assert list(refused.value.fields) == ["reason"]
    assert one.status == "active"


def test_what_was_cancelled_ends_on_its_last_day_and_not_before(plans, alice, now):
    one = make(alice, "ending", cycle="monthly")
    assert one.ends_at == datetime(2026, 12, 20, 13, 22, tzinfo=UTC)

    now.move_to(datetime(2026, 12, 20, 13, 21, 59, tzinfo=UTC))
    tasks.end_due()
    db.session().refresh(one)
    assert one.status == "active"
    now.shift(1)
    for _ in range(2):
        tasks.end_due()

    db.session().refresh(one)
    assert (one.status, one.ending_reason) == ("terminated", "Too dear")
    assert actions().count("TERMINATED") == 1


def test_what_is_paid_once_has_no_period_to_run_out(tenant, alice):
    product = make_product()
    price = make_price(product, cycle="oneTime")
    one = service.start(customer=customer_of(alice), product=product, price=price)

    service.activate(one)

    assert (one.period_end, one.auto_renew) == (None, False)
    with pytest.raises(WrongState):
        service.cancel(one, reason="Too dear")


def test_a_plan_is_switched_at_once_and_the_running_period_stays(plans, alice):
    one = make(alice, "active")
    until = one.period_end

    switch(one, "shared-business", "oneYear")
    switch(one, "shared-starter", "monthly")

    assert (one.plan_name, one.cycle, one.price_minor, one.period_end) == ("Starter", "monthly", 499, until)
    assert actions()[-2:] == ["UPGRADED", "DOWNGRADED"]


def switch(one, slug, cycle):
    product = catalogue.find_sellable(slug)
    service.switch_plan(one, product=product, price=catalogue.price_of(product, cycle, "USD"))


@pytest.mark.parametrize("state", ["pending", "suspended", "cancelled", "terminated"])
def test_only_what_runs_changes_its_plan(plans, alice, state):
    one = make(alice, state)

    with pytest.raises(WrongState):
        switch(one, "shared-business", "monthly")


def test_a_plan_is_not_switched_to_what_it_is_or_cannot_be(plans, alice):
    one = make(alice, "active")
    starter, business = (catalogue.find_sellable(slug) for slug in ("shared-starter", "shared-business"))
    with pytest.raises(WrongState):
        switch(one, "shared-starter", "oneYear")
    with pytest.raises(WrongState):
        service.switch_plan(one, product=starter, price=make_price(starter, cycle="oneTime"))
    with pytest.raises(Invalid):
        service.switch_plan(one, product=starter, price=catalogue.price_of(business, "monthly", "USD"))


@pytest.mark.parametrize(
    ("start", "cycle", "end"),
    [
        ("2027-01-31", "monthly", "2027-02-28"),
        ("2028-01-31", "monthly", "2028-02-29"),
        ("2026-11-30", "quarterly", "2027-02-28"),
        ("2026-12-15", "monthly", "2027-01-15"),
        ("2028-02-29", "oneYear", "2029-02-28"),
        ("2026-08-31", "semiAnnual", "2027-02-28"),
        ("2026-06-30", "threeYears", "2029-06-30"),
    ],
)
def test_a_period_ends_on_the_same_day_or_the_last_of_a_shorter_month(start, cycle, end):
    found = end_of(cycle, datetime.fromisoformat(f"{start}T13:22:00+00:00"))

    assert found == datetime.fromisoformat(f"{end}T13:22:00+00:00")


def test_every_cycle_but_one_has_an_end():
    start = datetime(2026, 11, 20, tzinfo=UTC)

    assert [cycle for cycle in CYCLES if end_of(cycle, start) is None] == ["oneTime"]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "suspended"},
        {"status": "terminated"},
        {"status": "active", "ended_at": datetime(2026, 11, 20, tzinfo=UTC)},
        {"status": "active", "period_end": None},
        {"status": "unheard-of"},
    ],
)
def test_the_database_refuses_a_state_that_cannot_be(plans, alice, values):
    one = make(alice, "active")
    wrong = sa.update(Subscription).where(Subscription.id == one.id).values(**values)

    with pytest.raises(sa.exc.IntegrityError), db.session().begin_nested():
        db.session().execute(wrong.execution_options(synchronize_session=False))
