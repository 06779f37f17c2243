"""What becomes of an event between the change that made it and the receiver."""

import pytest

from app.features.tenants.models import Tenant
from app.kernel import clock
from tests.support.receiver import Receiver
from tests.webhooks.factories import deliver_due, make_webhook, read, tell


@pytest.mark.both_stores
def test_an_event_arrives_signed_and_is_done(receiver: Receiver, tenant: Tenant) -> None:
    _webhook, receiver.secret = make_webhook(receiver.url)
    (delivery,) = tell()

    deliver_due()

    (told,) = receiver.told
    assert receiver.unverified == []
    assert set(told.json) == {"event", "timestamp", "data"}
    assert told.event == "customer.updated"
    assert told.json["timestamp"] == "2026-11-20T13:22:00+00:00"
    assert set(told.data) == {"customerId", "changed"}
    done = read(delivery)
    assert (done.state, done.attempts, done.response_status, done.settled_at) == ("done", 1, 204, clock.now())
