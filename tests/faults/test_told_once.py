"""R-14: one event for each committed change and none for what was rolled back, whatever is killed meanwhile."""

import contextlib
import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import PanelMaker
from tests.faults.conftest import SIGN_UP, looking_into, make_keys, web_processes
from tests.faults.drills import workers
from tests.support import processes
from tests.support.panel import Panel
from tests.support.receiver import ALLOW, Receiver

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]
SIGN_UPS, KILLS = 24, 6


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


def test_events_are_neither_lost_nor_invented_when_web_and_worker_are_killed(
    make_panel: PanelMaker, receiver: Receiver
) -> None:
    panel = make_panel(WEBHOOK_ALLOW_NETWORKS=ALLOW)
    keys = make_keys(panel, SIGN_UPS)
    subscriber = panel.api_key("webhook", name="shop")
    panel.start()
    body = {"url": f"{receiver.url}/hook", "events": ["customer.created"]}
    made = panel.post_json("/api/marketing-api/webhooks/register", body, X_API_Key=subscriber)
    assert made.status == 201, made
    receiver.secret = made.json["data"]["secret"]

    _sign_up_under_fire(panel, keys)
    customers = _customers(panel)
    processes.wait_for(
        lambda: {told.data["customerId"] for told in receiver.told} >= customers, within=60, what="every event"
    )
    time.sleep(1)

    assert {told.data["customerId"] for told in receiver.told} == customers, "told of what never was"
    ids: dict[str, set[str]] = {}
    for told in receiver.told:
        ids.setdefault(told.data["customerId"], set()).add(told.id)
    assert Counter(len(some) for some in ids.values()) == {1: len(customers)}, "two events for one change"
    assert len(receiver.told) <= len(customers) + KILLS * 10, "a kill sends again at most what was in hand"
    assert receiver.unverified == []
    assert 0 < len(customers) <= SIGN_UPS


def _sign_up_under_fire(panel: Panel, keys: list[str]) -> None:
    """Sign-ups at once, every third with a taken address, while web and worker processes are killed."""
    chance = random.Random(14)
    threads = [threading.Thread(target=_sign_up, args=(panel, number, key)) for number, key in enumerate(keys)]
    for number, thread in enumerate(threads):
        thread.start()
        time.sleep(chance.uniform(0, 0.15))
        if number % (SIGN_UPS // KILLS) == 1:
            for process in web_processes(panel) if number % 2 else workers(panel):
                process.kill()
            for process in workers(panel)[:1]:
                process.kill()
    for thread in threads:
        thread.join()


def _sign_up(panel: Panel, number: int, key: str) -> None:
    for _ in range(6):
        connection = http.client.HTTPConnection("127.0.0.1", panel.port, timeout=20)
        body = {**SIGN_UP, "email": f"ada{number - (number % 3 == 2)}@example.com"}
        headers = {"X-API-Key": key, "Idempotency-Key": f"try-{number}", "Content-Type": "application/json"}
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("POST", "/api/marketing-api/accounts/create", json.dumps(body), headers)
            if connection.getresponse().status == 201:
                return
        time.sleep(0.5)


def _customers(panel: Panel) -> set[str]:
    with looking_into(panel) as connection:
        found = connection.exec_driver_sql("SELECT id FROM customers").scalars().all()
    return {str(one if isinstance(one, uuid.UUID) else uuid.UUID(bytes=bytes(one))) for one in found}
