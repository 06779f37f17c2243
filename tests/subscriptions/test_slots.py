"""What a customer has, as other rooms' pages show and count it."""

from app.features.orders import cancelling
from app.features.orders import service as orders
from app.features.subscriptions import slots
from app.kernel import db
from tests.orders.factories import make_order


def test_what_runs_is_found_behind_what_has_ended(plans, alice, now):
    running = make_order(alice)
    orders.complete(running.order)
    for _ in range(2):
        now.shift(3600)
        cancelling.end(make_order(alice).subscription, reason="By mistake")
    db.session().flush()

    (newest,) = slots.services_of(alice.customer_id, limit=1)
    (found,) = slots.services_of(alice.customer_id, limit=1, is_open=True)

    assert newest.status == "cancelled"
    assert found.subscription_id == running.subscription.id


def test_all_that_a_customer_has_is_counted_in_one_query(plans, alice, bob, now, queries):
    for _ in range(3):
        orders.complete(make_order(alice, cycle="monthly").order)
    now.shift(3600)
    make_order(alice, plan="shared-business")
    cancelling.end(make_order(alice).subscription, reason="By mistake")
    make_order(bob)
    db.session().flush()

    with queries(max=1):
        found = slots.tally(alice.customer_id)
    said = {slots.state_of(alike)[1]: (alike.services, alike.cycle, alike.currency) for alike in found}

    assert said["Setting up"] == (3, "monthly", "USD")
    assert said["Waiting for payment"] == (1, "oneYear", "USD")
    assert said["Cancelled"] == (1, "oneYear", "USD")
    assert sum(alike.services for alike in slots.tally(alice.customer_id, is_open=True)) == 4
