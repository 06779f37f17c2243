"""From paid to set up, once, whoever tells it how often; and what staff do on the way."""

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.catalogue import service as catalogue
from app.features.catalogue.models import Product
from app.features.orders import service as orders
from app.features.provisioning import access, drivers, service, specimen, steps, tasks, timeline, wishes
from app.features.provisioning.events import ServiceProvisioned
from app.features.provisioning.models import ProvisioningJob, ServiceAccess
from app.features.provisioning.service import NotYours
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions import slots as services
from app.features.subscriptions.events import SubscriptionActivated
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.access import Role
from app.kernel.errors import Invalid, NotFound
from tests.catalogue.factories import make_promo_code
from tests.orders.factories import customer_of, make_order
from tests.provisioning.factories import (
    SECRET,
    WAY_IN,
    Robot,
    jobs_of,
    make_paid,
    make_running,
    make_task,
    paid_event,
    refuses,
)

pytestmark = pytest.mark.both_stores


def actions(*wanted):
    """What the audit log holds of these, oldest first."""
    found = db.session().scalars(sa.select(AuditLog.action).order_by(AuditLog.id))
    return [action for action in found if action in wanted]


def kinds(subscription):
    """Kind, state and whether it was cancelled, of each job."""
    return [(job.kind[13:], job.state, job.cancelled_at is not None) for job in jobs_of(subscription)]


@pytest.fixture
def robot(plans):
    """A driver of three steps, for Starter."""
    made = Robot()
    drivers.DRIVERS["robot"] = made
    product = db.session().scalars(sa.select(Product).where(Product.slug == "shared-starter")).one()
    product.driver = "robot"
    db.session().flush()
    yield made
    del drivers.DRIVERS["robot"]


def test_from_paid_to_set_up_once_and_only_once_however_often_it_is_told(plans, alice):
    placed = make_order(alice)
    event = paid_event(placed)

    for _ in range(3):
        orders.on_invoice_paid(event)
    told = SubscriptionActivated(
        placed.subscription.id, alice.customer_id, placed.subscription.product_id, "shared-starter", "oneYear", 4990,
        "USD", clock.now(), None,
    )  # fmt: skip
    wishes.on_activated(told)
    for _ in range(3):
        tasks.perform()

    (job,) = jobs_of(placed.subscription)
    assert (job.state, job.attempts) == ("kept", 0)
    assert job.instructions.startswith("Set up Starter for Alice Marchetti: 1 website, 10 GB storage, unlimited")
    service.complete(job, way_in=WAY_IN)
    for _ in range(2):
        orders.on_invoice_paid(event)
        wishes.on_activated(told)
        tasks.perform()
    assert kinds(placed.subscription) == [("activate", "done", False)]
    assert actions("ORDER_COMPLETED", "SUBSCRIPTION_ACTIVATED", "SERVICE_PROVISIONED") == [
        "ORDER_COMPLETED",
        "SUBSCRIPTION_ACTIVATED",
        "SERVICE_PROVISIONED",
    ]


def test_a_year_begins_when_it_is_paid_and_the_service_is_set_up_afterwards(plans, alice, now):
    subscription = make_paid(alice)

    assert (subscription.status, subscription.period_start) == ("active", clock.now())
    assert subscription.period_end == clock.now().replace(year=2027)
    assert subscription.is_being_set_up
    tasks.perform()
    now.shift(3600)
    (job,) = jobs_of(subscription)
    service.complete(job)
    assert subscription.set_up_at == clock.now()
    assert subscription.period_start < subscription.set_up_at


def test_what_is_free_is_set_up_as_well(plans, alice):
    make_promo_code("GIFT", percent=100)

    placed = make_order(alice, promo_code="GIFT")

    assert placed.subscription.status == "active"
    assert kinds(placed.subscription) == [("activate", "waiting", False)]


def test_each_step_is_written_down_with_its_moments(plans, alice, now):
    job = make_task(alice)

    before = [(row.name, row.state, row.tries) for row in steps.of(job.id)]
    now.shift(60)
    service.complete(job, remark="On web-07")

    assert before == [("prepare", "done", 1), ("by_hand", "now", 1), ("ready", "next", 0)]
    after = steps.of(job.id)
    assert [row.state for row in after] == ["done"] * 3
    assert after[1].outcome == "On web-07"
    assert (after[1].finished_at - after[1].started_at).total_seconds() == 60


def test_two_who_complete_the_same_task_complete_it_once(plans, alice, sam, olive):
    job = make_task(alice)

    service.complete(job, way_in=WAY_IN)
    with pytest.raises(NotYours):
        service.complete(job, way_in=WAY_IN)

    assert actions("SERVICE_PROVISIONED", "SERVICE_ACCESS_SET", "SETUP_TASK_COMPLETED") == [
        "SERVICE_ACCESS_SET",
        "SETUP_TASK_COMPLETED",
        "SERVICE_PROVISIONED",
    ]


def test_a_task_is_taken_by_one_and_given_back(plans, alice, sam, olive):
    job = make_task(alice)

    service.take(job, sam.id)
    with pytest.raises(NotYours):
        service.take(job, olive.id)
    assert job.assigned_to == sam.id
    service.release(job)
    service.take(job, olive.id)

    assert job.assigned_to == olive.id


def test_a_task_that_cannot_be_done_is_given_up_with_the_reason_and_tried_again(plans, alice):
    job = make_task(alice)
    with pytest.raises(Invalid):
        service.fail(job, reason="  ")

    service.fail(job, reason="No server has room")

    assert (job.state, job.last_error, job.failed_at) == ("dead", "No server has room", clock.now())
    assert actions("SERVICE_FAILED") == ["SERVICE_FAILED"]
    service.retry(job)
    tasks.perform()
    assert [(row.name, row.state) for row in steps.of(job.id)] == [
        ("prepare", "done"), ("by_hand", "now"), ("ready", "next"),
    ]  # fmt: skip
    (job,) = jobs_of(job.subscription_id)
    service.complete(job)
    assert job.state == "done"


def test_a_machine_that_refuses_is_asked_again_with_growing_pauses_then_given_up(robot, alice, now):
    subscription = make_paid(alice)
    robot.problems["install"] = [refuses("The disk is full.") for _ in range(9)]
    pauses = []

    for _ in range(tasks.MOST_ATTEMPTS):
        tasks.perform()
        (job,) = jobs_of(subscription)
        pauses.append((job.next_at - clock.now()).total_seconds())
        now.shift(max(0, pauses[-1]))

    assert pauses[:3] == [30, 120, 480]
    assert (job.state, job.last_error) == ("dead", "The disk is full.")
    assert robot.asked == ["reserve", *["install"] * tasks.MOST_ATTEMPTS]
    assert actions("SERVICE_FAILED") == ["SERVICE_FAILED"]


def test_what_is_hopeless_is_not_tried_again(robot, alice):
    subscription = make_paid(alice)
    robot.problems["reserve"] = [refuses("There is no such plan.", is_final=True)]

    tasks.perform()

    assert kinds(subscription) == [("activate", "dead", False)]
    assert robot.asked == ["reserve"]


def test_a_step_that_is_done_is_not_done_again_when_a_later_one_breaks(robot, alice, now):
    subscription = make_paid(alice)
    robot.problems["check"] = [RuntimeError("a bug"), refuses("Not yet")]

    for _ in range(3):
        tasks.perform()
        now.shift(86400)

    assert robot.asked == ["reserve", "install", "check", "check", "check"]
    assert kinds(subscription) == [("activate", "done", False)]
    db.session().refresh(subscription)
    assert subscription.set_up_at is not None


def test_a_worker_killed_in_a_step_leaves_it_to_another_who_does_no_other_step_twice(robot, alice, now):
    class Killed(BaseException):
        """What SIGKILL looks like from inside: nothing is settled."""

    subscription = make_paid(alice)
    robot.problems["install"] = [Killed()]

    with pytest.raises(Killed):
        tasks.perform()
    tasks.perform()
    assert robot.asked == ["reserve", "install"], "its lease still runs"
    now.shift(tasks.LEASE_SECONDS + 1)
    tasks.perform()

    assert robot.asked == ["reserve", "install", "install", "check"]
    assert kinds(subscription) == [("activate", "done", False)]
    assert actions("SERVICE_PROVISIONED") == ["SERVICE_PROVISIONED"]


def test_a_worker_that_was_slow_and_lost_its_lease_writes_nothing_more(robot, alice, now):
    subscription = make_paid(alice)
    usual = robot.perform

    def slow(step, work):
        if step == "install" and robot.asked.count("install") == 0:
            robot.asked.append(step)
            now.shift(tasks.LEASE_SECONDS + 1)
            tasks.perform()  # somebody else takes over and finishes
            return drivers.Outcome("too late")
        return usual(step, work)

    robot.perform = slow
    tasks.perform()

    (job,) = jobs_of(subscription)
    assert robot.asked == ["reserve", "install", "install", "check"]
    assert "too late" not in {row.outcome for row in steps.of(job.id)}
    assert (job.state, actions("SERVICE_PROVISIONED")) == ("done", ["SERVICE_PROVISIONED"])


def test_a_suspension_waits_until_it_is_set_up(plans, alice):
    job = make_task(alice)
    service.take(job, alice.id)
    subscription = db.session().get_one(Subscription, job.subscription_id)

    subscriptions.suspend(subscription, reason="Abuse")
    tasks.perform()
    assert kinds(subscription) == [("activate", "kept", False), ("suspend", "waiting", False)]
    service.complete(job)
    tasks.perform()

    assert kinds(subscription) == [("activate", "done", False), ("suspend", "kept", False)]


def test_a_suspension_that_nobody_began_and_its_resuming_leave_nothing_to_do(plans, alice):
    subscription = make_running(alice)

    subscriptions.suspend(subscription, reason="Abuse")
    tasks.perform()
    subscriptions.resume(subscription)

    assert kinds(subscription) == [("activate", "done", False), ("suspend", "done", True)]


def test_a_suspension_that_somebody_took_is_undone(plans, alice, sam):
    subscription = make_running(alice)
    subscriptions.suspend(subscription, reason="Abuse")
    tasks.perform()
    service.take(jobs_of(subscription)[1], sam.id)

    subscriptions.resume(subscription)

    assert kinds(subscription)[1:] == [("suspend", "done", True), ("resume", "waiting", False)]


def test_what_ends_before_anybody_began_to_set_it_up_leaves_no_task(plans, alice):
    job = make_task(alice)
    subscription = db.session().get_one(Subscription, job.subscription_id)

    subscriptions.terminate(subscription, reason="Fraud")

    assert kinds(subscription) == [("activate", "done", True)]


def test_what_ends_is_taken_down_once_and_its_way_in_forgotten(plans, alice):
    subscription = make_running(alice)
    subscriptions.suspend(subscription, reason="Unpaid")

    subscriptions.terminate(subscription, reason="Unpaid")
    tasks.perform()
    job = jobs_of(subscription)[-1]
    assert kinds(subscription)[1:] == [("suspend", "done", True), ("terminate", "kept", False)]
    assert "web-07/u_acme" in job.instructions
    service.complete(job)

    assert db.session().scalar(sa.select(sa.func.count()).select_from(ServiceAccess)) == 0
    with pytest.raises(NotFound):
        access.reveal(subscription.id)


def test_a_newer_plan_makes_the_change_to_the_one_before_needless(plans, alice):
    subscription = make_running(alice)
    for slug in ("shared-business", "shared-professional"):
        move(subscription, slug)

    assert kinds(subscription)[1:] == [("upgrade", "done", True), ("upgrade", "waiting", False)]


def move(subscription, slug):
    """The same cycle of another plan."""
    product = catalogue.find_sellable(slug)
    price = catalogue.price_of(product, subscription.cycle, subscription.currency)
    subscriptions.switch_plan(subscription, product=product, price=price)


def test_secrets_stand_nowhere_but_sealed(plans, alice, caplog, capsys):
    subscription = make_running(alice)
    access.reveal(subscription.id)

    rows = db.session().scalars(sa.select(AuditLog)).all()
    told = "".join(f"{row.state_before}{row.state_after}{row.description}" for row in rows)
    jobs = "".join(f"{job.instructions}{job.last_error}" for job in db.session().scalars(sa.select(ProvisioningJob)))
    sealed = db.session().scalars(sa.select(ServiceAccess)).one().sealed
    assert actions("SERVICE_ACCESS_REVEALED") == ["SERVICE_ACCESS_REVEALED"]
    for where in (told, jobs, repr(WAY_IN), caplog.text, "".join(capsys.readouterr()), str(sealed)):
        assert SECRET not in where
        assert "u_acme" not in where.replace("web-07/u_acme", "")
    assert "password" not in str(ServiceProvisioned.example)


def test_access_that_was_moved_to_another_service_opens_nothing(plans, alice, bob):
    mine, theirs = make_running(alice), make_running(bob)
    rows = {row.subscription_id: row for row in db.session().scalars(sa.select(ServiceAccess))}
    rows[mine.id].sealed = rows[theirs.id].sealed
    db.session().flush()

    with pytest.raises(ValueError, match="another service"):
        access.reveal(mine.id)


def test_the_specimen_is_a_service_on_its_way(tenant, alice):
    job = specimen.make(customer_of(alice))

    assert (job.kind, job.state, job.customer_id) == ("subscription.activate", "waiting", alice.customer_id)


def test_staff_find_a_service_by_what_the_machine_calls_it(plans, alice, queries):
    running = make_running(alice)
    db.session().flush()

    with queries(max=1):
        (hit,) = services.search("web-07", role=Role.VIEWER)

    assert (hit.label, hit.href) == ("web-07/u_acme", f"/admin/subscriptions/{running.id}")
    assert services.search("\0", role=Role.OWNER) == []


def lost_driver(alice, name="lost"):
    """The product names a driver that is not there."""
    placed = make_order(alice)
    db.session().get_one(Product, placed.subscription.product_id).driver = name
    orders.on_invoice_paid(paid_event(placed))
    tasks.perform()
    (job,) = jobs_of(placed.subscription)
    return job


def test_a_driver_that_is_not_there_is_said_to_staff_and_never_stood_in_for(plans, alice):
    job = lost_driver(alice)

    assert (job.driver, job.state) == ("lost", "dead")
    assert job.last_error == "shared-starter names the driver 'lost', which is not installed."
    assert timeline.facts(job, *service.about(job), "UTC")[2] == ("How", "lost (not installed)")
    subscription = db.session().get_one(Subscription, job.subscription_id)
    said, goes_on = timeline.for_customer(subscription, None, zone="UTC", sees_money=True)
    assert [line.title for line in said] == ["Ordered", "We set it up"]
    assert "longer than usual" in said[-1].text
    assert goes_on


def test_what_was_given_up_for_want_of_a_driver_goes_on_when_there_is_one(plans, alice):
    job = lost_driver(alice)
    subscription = db.session().get_one(Subscription, job.subscription_id)
    db.session().get_one(Product, subscription.product_id).driver = "manual"

    service.retry(job)
    tasks.perform()

    (job,) = jobs_of(subscription)
    assert (job.driver, job.state) == ("manual", "kept")
    assert [row.name for row in steps.of(job.id)] == ["prepare", "by_hand", "ready"]
    service.complete(job)
    assert subscription.set_up_at is not None
