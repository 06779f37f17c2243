"""One slow receiver delays nobody (R-09), and independent verifiers agree with every delivery (R-12)."""

import time
from collections import Counter
from ipaddress import ip_network
from itertools import pairwise

import psutil
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import db, jobs, outbound, tenancy
from tests.support import processes
from tests.support.receiver import ALLOW, Receiver
from tests.webhooks import drills
from tests.webhooks.factories import make_webhook

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]
EVENTS = 10


@pytest.fixture
def crowd(panel_app: Flask, fresh_engine: sa.Engine) -> Receiver:
    outbound.configure(timeout=4.0, networks=[ip_network(ALLOW)])
    found = Receiver()
    yield found  # type: ignore[misc]
    found.stop()
    outbound.configure()


def test_receivers_that_hang_drip_flood_and_break_delay_nobody(crowd: Receiver) -> None:
    tenant_id = drills.make_tenant()
    healthy = drills.make_endpoints(tenant_id, crowd)
    before = psutil.Process().memory_info().rss

    with drills.hands_at_work():
        committed = drills.happen(tenant_id, EVENTS)
        processes.wait_for(
            lambda: len(drills.waits_of(crowd, committed)) >= healthy * EVENTS, within=60, what="every healthy delivery"
        )
        processes.wait_for(lambda: drills.left(tenant_id)["done"] >= healthy * EVENTS, within=20, what="their ends")

    waits = drills.waits_of(crowd, committed)
    print(f"p50 {waits[len(waits) // 2]:.2f} s, p95 {drills.percentile(waits, 95):.2f} s, {len(crowd.told)} requests")
    # R-09 asks for 3 and 10 seconds on a quiet machine: tests/soak has those. Hands without lanes take 100 here.
    assert drills.percentile(waits, 95) <= 10
    assert drills.percentile(waits, 99) <= 20
    assert (psutil.Process().memory_info().rss - before) / 2**20 <= 50
    assert crowd.unverified == []
    once = Counter((told.path, told.id) for told in crowd.told if told.path.startswith("/ok/"))
    assert set(once.values()) == {1}


def test_a_retry_of_a_second_comes_about_after_a_second(crowd: Receiver) -> None:
    tenant_id = drills.make_tenant()
    with tenancy.as_tenant(tenant_id), db.transaction():
        make_webhook(f"{crowd.url}/ok")
    crowd.behave(lambda _told: 500 if len(crowd.told) < 4 else 204)

    with drills.hands_at_work():
        drills.happen(tenant_id, 1)
        told = crowd.wait(4, within=20)
        processes.wait_for(lambda: drills.left(tenant_id)["done"] == 1, within=5)

    gaps = [later.tick - earlier.tick for earlier, later in pairwise(told)]
    for gap, planned in zip(gaps, (1, 2, 5), strict=True):
        assert planned * 0.8 <= gap <= planned * 1.2 + 2
    assert time.perf_counter() - told[-1].tick < 10


def test_the_slow_receivers_of_one_tenant_leave_hands_for_those_of_another(crowd: Receiver) -> None:
    outbound.configure(timeout=20.0, networks=[ip_network(ALLOW)])
    slow, other = drills.make_tenant(), drills.make_tenant("other")
    with tenancy.as_tenant(slow), db.transaction():
        for number in range(60):
            make_webhook(f"{crowd.url}/hang/{number}")
    with tenancy.as_tenant(other), db.transaction():
        make_webhook(f"{crowd.url}/ok/other")

    with drills.hands_at_work():
        drills.happen(slow, 2)
        processes.wait_for(lambda: len(crowd.told) >= 30, within=15, what="the slow tenant's share")
        committed = drills.happen(other, 1)
        processes.wait_for(lambda: drills.waits_of(crowd, committed) != [], within=10, what="the other's delivery")
        jobs.stop()
        crowd.stop()  # lets go of those that hang

    assert len(crowd.told) <= 31
