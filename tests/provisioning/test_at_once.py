"""Many at once, on real commits: one activation, one job, one completion, no step twice."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.audit.models import AuditLog
from app.features.billing import ledger, settlement
from app.features.billing.models import Invoice
from app.features.catalogue import service as catalogue
from app.features.catalogue.models import Product
from app.features.orders import cancelling
from app.features.orders import service as orders
from app.features.orders.models import Order
from app.features.provisioning import drivers, service, tasks
from app.features.provisioning.models import ProvisioningJob, ProvisioningStep, ServiceAccess
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import db, tenancy
from app.kernel.errors import Refusal
from app.kernel.money import Money
from tests.orders.factories import make_order
from tests.provisioning.factories import WAY_IN, Robot, paid_event

pytestmark = pytest.mark.both_stores

THREADS = 8


@pytest.fixture
def house(own_house):
    """A tenant with its plans."""
    with tenancy.as_tenant(own_house), db.transaction():
        catalogue.install_defaults()
    return own_house


@pytest.fixture
def robot(house):
    """A driver that sets Starter up by itself."""
    made = drivers.DRIVERS["robot"] = Robot()
    with tenancy.as_tenant(house), db.transaction() as session:
        session.scalars(sa.select(Product).where(Product.slug == "shared-starter")).one().driver = "robot"
    yield made
    del drivers.DRIVERS["robot"]


def sell(house, number=1):
    """So many orders of Starter, not paid yet."""
    placed = []
    for index in range(number):
        with tenancy.as_tenant(house), db.transaction():
            _customer, user = accounts.register(email=f"buyer{index}@example.com", first_name="Buyer", last_name="One")
            db.session().flush()
            placed.append(make_order(user))
    return placed


def at_once(house, work, times=THREADS):
    """Run `work` so often at the same moment, each in a transaction of its own; who was not refused."""
    gate = threading.Barrier(times)

    def one(_index):
        gate.wait()
        try:
            with tenancy.as_tenant(house), db.transaction():
                work()
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(times) as pool:
        return sum(pool.map(one, range(times)))


def count(house, *conditions):
    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        return session.scalar(sa.select(sa.func.count()).where(*conditions))


def told(house, action):
    return count(house, AuditLog.action == action)


def test_a_payment_told_eight_times_at_once_starts_one_service(house):
    (placed,) = sell(house)
    event = paid_event(placed)

    at_once(house, lambda: orders.on_invoice_paid(event))

    assert told(house, "ORDER_COMPLETED") == told(house, "SUBSCRIPTION_ACTIVATED") == 1
    assert count(house, ProvisioningJob.kind == "subscription.activate") == 1
    assert count(house, ProvisioningStep.state == "next") == 3


def test_a_task_that_eight_people_finish_at_once_is_finished_once(house):
    (placed,) = sell(house)
    with tenancy.as_tenant(house), db.transaction():
        orders.on_invoice_paid(paid_event(placed))
    tasks.perform()

    def finish():
        job = db.session().scalars(sa.select(ProvisioningJob)).one()
        service.complete(job, way_in=WAY_IN)

    assert at_once(house, finish) == 1
    assert told(house, "SERVICE_PROVISIONED") == told(house, "SERVICE_ACCESS_SET") == 1
    assert count(house, ServiceAccess.id.is_not(None)) == 1


def test_eight_who_take_a_task_at_once_are_one(house):
    (placed,) = sell(house)
    with tenancy.as_tenant(house), db.transaction():
        orders.on_invoice_paid(paid_event(placed))
    tasks.perform()

    def take():
        job = db.session().scalars(sa.select(ProvisioningJob)).one()
        service.take(job, placed.order.placed_by)

    assert at_once(house, take) == 1


def test_workers_at_once_do_no_step_twice(house, robot):
    for placed in sell(house, 6):
        with tenancy.as_tenant(house), db.transaction():
            orders.on_invoice_paid(paid_event(placed))

    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda _index: tasks.perform(), range(4)):
            pass

    assert sorted(robot.asked) == sorted(["reserve", "install", "check"] * 6)
    assert told(house, "SERVICE_PROVISIONED") == 6


def test_suspending_and_ending_at_once_leaves_one_state_and_its_jobs(house, robot):
    (placed,) = sell(house)
    with tenancy.as_tenant(house), db.transaction():
        orders.on_invoice_paid(paid_event(placed))
    tasks.perform()

    turns = itertools.count()

    def either():
        one = db.session().scalars(sa.select(Subscription)).one()
        verb = subscriptions.suspend if next(turns) % 2 else subscriptions.terminate
        verb(one, reason="At once")

    at_once(house, either)
    at_once(
        house, lambda: subscriptions.terminate(db.session().scalars(sa.select(Subscription)).one(), reason="End"), 2
    )
    for _ in range(3):
        tasks.perform()

    assert count(house, Subscription.status == "terminated") == 1
    assert told(house, "SUBSCRIPTION_TERMINATED") == 1
    assert count(house, ProvisioningJob.kind == "subscription.terminate", ProvisioningJob.state == "done") == 1
    assert count(house, ProvisioningJob.state != "done") == 0


def test_paying_and_cancelling_at_once_is_one_of_the_two(house):
    for placed in sell(house, 3):
        invoice_id, order_id = placed.invoice.id, placed.order.id

        turns = itertools.count()

        def either(invoice_id=invoice_id, order_id=order_id, turns=turns):
            if next(turns) % 2:
                settlement.settle(invoice_id, Money(4990, "USD"), memo="bank")
            else:
                cancelling.cancel(db.session().get_one(Order, order_id), reason="Never mind")

        at_once(house, either, 4)

    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        rows = session.execute(
            sa.select(Order.status, Invoice.status, Subscription.status)
            .join(Invoice, Invoice.id == Order.invoice_id)
            .join(Subscription, Subscription.first_invoice_id == Invoice.id)
        ).all()
        assert {tuple(row) for row in rows} <= {("completed", "paid", "active"), ("cancelled", "void", "cancelled")}
        assert len(rows) == 3
        assert [problem for problem in ledger.check() if "credit" not in problem] == []
