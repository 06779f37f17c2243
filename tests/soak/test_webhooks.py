"""R-09 in full: fifty receivers, half of them bad, thirty events, the usual time-out. `make soak`."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network

import psutil
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import outbound
from tests.support import processes
from tests.support.receiver import ALLOW, Receiver
from tests.webhooks import drills

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]
EVENTS = 30


@pytest.fixture
def crowd(panel_app: Flask, fresh_engine: sa.Engine) -> Iterator[Receiver]:
    outbound.configure(timeout=30.0, networks=[ip_network(ALLOW)])
    found = Receiver()
    yield found
    found.stop()
    outbound.configure()


def test_slow_receivers_delay_nobody_through_thirty_events(crowd: Receiver) -> None:
    tenant_id = drills.make_tenant()
    healthy = drills.make_endpoints(tenant_id, crowd)
    before = psutil.Process().memory_info().rss

    with drills.hands_at_work():
        committed = drills.happen(tenant_id, EVENTS)
        processes.wait_for(
            lambda: len(drills.waits_of(crowd, committed)) >= healthy * EVENTS,
            within=240,
            what="every healthy delivery",
        )
        processes.wait_for(lambda: drills.left(tenant_id)["done"] >= healthy * EVENTS, within=60, what="their ends")

    waits = drills.waits_of(crowd, committed)
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    print(
        f"p50 {waits[len(waits) // 2]:.2f}, p95 {drills.percentile(waits, 95):.2f}, p99 {drills.percentile(waits, 99):.2f} s"
    )
    print(f"{len(crowd.told)} requests, {grown:.0f} MiB more")
    assert drills.percentile(waits, 95) <= 3
    assert drills.percentile(waits, 99) <= 10
    assert grown <= 50
    assert crowd.unverified == []
    once = Counter((told.path, told.id) for told in crowd.told if told.path.startswith("/ok/"))
    assert set(once.values()) == {1}
