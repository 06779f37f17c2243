"""What stands still for ten minutes raises an alarm, once."""

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.provisioning import service, slots, tasks
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import db, metrics, tenancy
from tests.provisioning.factories import jobs_of, make_paid, make_task

pytestmark = pytest.mark.both_stores


def alarms():
    return db.session().scalar(sa.select(sa.func.count()).where(AuditLog.action == "SERVICE_STUCK"))


def test_a_task_that_nobody_takes_is_stuck_after_ten_minutes_and_told_once(plans, alice, now):
    make_task(alice)
    now.shift(599)
    tasks.look_after()
    assert (slots.waiting().tasks, slots.waiting().stuck, alarms()) == (1, 0, 0)

    now.shift(1)
    for _ in range(3):
        tasks.look_after()
        now.shift(60)

    assert (slots.waiting().stuck, alarms()) == (1, 1)


def test_a_task_that_somebody_took_is_in_good_hands_until_it_is_given_back(plans, alice, sam, now):
    job = make_task(alice)
    service.take(job, sam.id)
    now.shift(3600)
    tasks.look_after()
    assert (slots.waiting().stuck, alarms()) == (0, 0)

    service.release(job)
    now.shift(600)
    tasks.look_after()

    assert (slots.waiting().stuck, alarms()) == (1, 1)


def test_what_no_worker_takes_up_is_stuck(plans, alice, now):
    make_paid(alice)
    now.shift(600)

    tasks.look_after()

    assert (slots.waiting().stuck, alarms()) == (1, 1)


def test_what_waits_for_the_change_before_it_is_not_stuck_itself(plans, alice, now):
    job = make_task(alice)
    service.take(job, alice.id)
    subscriptions.suspend(db.session().get_one(Subscription, job.subscription_id), reason="Abuse")
    now.shift(3600)

    tasks.look_after()

    assert (slots.waiting().tasks, slots.waiting().stuck, alarms()) == (2, 0, 0)


def test_what_died_without_a_word_is_told(plans, alice):
    job = make_task(alice)
    job.state, job.last_error = "dead", "KeyError"
    db.session().flush()

    tasks.look_after()
    tasks.look_after()

    told = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "SERVICE_FAILED")).one()
    assert (told.state_after["reason"], told.state_after["step"]) == ("KeyError", "by_hand")


def test_a_driver_that_is_gone_gives_up_with_the_reason(plans, alice):
    subscription = make_paid(alice)
    (job,) = jobs_of(subscription)
    job.driver = "removed"
    db.session().flush()

    tasks.perform()

    (job,) = jobs_of(subscription)
    assert (job.state, job.last_error) == ("dead", "shared-starter names the driver 'removed', which is not installed.")


def test_the_watch_minds_every_tenant_and_mixes_none(plans, alice, other_tenant, now):
    make_task(alice)
    now.shift(601)

    tasks.look_after()

    assert slots.waiting().stuck == 1
    with tenancy.as_tenant(other_tenant.id):
        assert (slots.waiting().tasks, alarms()) == (0, 0)


def test_the_figures_say_how_many_are_open_and_stuck(plans, alice, now):
    make_task(alice)
    now.shift(601)

    text = metrics.text().decode()

    assert 'mpanel_provisioning_open{which="all"} 1.0' in text
    assert 'mpanel_provisioning_open{which="stuck"} 1.0' in text
