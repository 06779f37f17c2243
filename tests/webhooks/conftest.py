"""What tests of webhooks need besides: a receiver, and an operator who lets it be reached."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from app.kernel import outbound
from tests.support.receiver import ALLOW, Canary, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who listens on 127.0.0.2, which the operator has allowed."""
    outbound.configure(timeout=3.0, networks=[ip_network(ALLOW)])
    found = Receiver()
    yield found
    found.stop()
    outbound.configure()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Somebody who listens on 127.0.0.1 and ::1, and must never be visited."""
    found = Canary()
    yield found
    found.stop()
    assert found.visits == 0
