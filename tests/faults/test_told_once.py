"""R-01 and R-14 on one installation: a worker killed while it delivers loses no mail, and web and worker killed
together lose no event: one for each committed change and none for what was rolled back.
"""

import contextlib
import http.client
import json
import queue
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.conftest import SIGN_UP, looking_into, make_keys, web_processes
from tests.faults.drills import kill_workers, workers
from tests.support import processes
from tests.support.mail import MailServer
from tests.support.panel import Panel
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]
SIGN_UPS, AT_ONCE, KILLS = 18, 4, 3


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


def test_a_killed_worker_loses_no_mail(panel: Panel, mail_server: MailServer) -> None:
    kill_workers(panel, mail_server, rows=300, kills=6, within=120)


def test_events_are_neither_lost_nor_invented_when_web_and_worker_are_killed(
    panel: Panel, mail_server: MailServer, receiver: Receiver
) -> None:
    mail_server.clear()
    keys = make_keys(panel, SIGN_UPS)
    subscriber = panel.api_key("webhook", name="shop")
    body = {"url": f"{receiver.url}/hook", "events": ["customer.created"]}
    made = panel.post_json("/api/marketing-api/webhooks/register", body, X_API_Key=subscriber)
    assert made.status == 201, made
    receiver.secret = made.json["data"]["secret"]

    _sign_up_under_fire(panel, keys)
    customers = _customers(panel)
    processes.wait_for(
        lambda: {told.data["customerId"] for told in receiver.told} >= customers, within=30, what="every event"
    )
    time.sleep(1)

    assert {told.data["customerId"] for told in receiver.told} == customers, "told of what never was"
    ids: dict[str, set[str]] = {}
    for told in receiver.told:
        ids.setdefault(told.data["customerId"], set()).add(told.id)
    assert Counter(len(some) for some in ids.values()) == {1: len(customers)}, "two events for one change"
    assert len(receiver.told) <= len(customers) + KILLS * 10, "a kill sends again at most what was in hand"
    assert receiver.unverified == []
    assert len(customers) == SIGN_UPS - SIGN_UPS // 3


def _sign_up_under_fire(panel: Panel, keys: list[str]) -> None:
    """Sign-ups, some at once, every third with a taken address. Web and worker are killed right after an answer, so
    that what was written but not yet told is lost if it is told by memory, and while others are on their way."""
    chance = random.Random(14)
    work: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    for number, key in enumerate(keys):
        work.put((number, key))
    answered = threading.Semaphore(0)
    threads = [threading.Thread(target=_sign_up_all, args=(panel, work, answered)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        for _ in range(chance.randint(1, 4)):
            assert answered.acquire(timeout=60), "nobody answers"
        for process in [*web_processes(panel), *workers(panel)]:
            with contextlib.suppress(Exception):
                process.kill()
    for thread in threads:
        thread.join()


def _sign_up_all(panel: Panel, work: "queue.SimpleQueue[tuple[int, str]]", answered: threading.Semaphore) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            number, key = work.get_nowait()
            _sign_up(panel, number, key)
            answered.release()


def _sign_up(panel: Panel, number: int, key: str) -> None:
    """Until somebody answers."""
    taken = number % 3 == 2
    body = {**SIGN_UP, "email": f"ada{number - 2 * taken}@example.com"}
    headers = {"X-API-Key": key, "Idempotency-Key": f"try-{number}", "Content-Type": "application/json"}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", panel.port, timeout=20)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("POST", "/api/marketing-api/accounts/create", json.dumps(body), headers)
            if connection.getresponse().status in {201, 409, 422}:
                return
        time.sleep(0.1)


def _customers(panel: Panel) -> set[str]:
    with looking_into(panel) as connection:
        found = connection.exec_driver_sql("SELECT id FROM customers").scalars().all()
    return {str(one if isinstance(one, uuid.UUID) else uuid.UUID(bytes=bytes(one))) for one in found}
