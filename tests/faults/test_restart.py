"""R-02 and R-03 on one installation: it is stopped and started while it sends mails, then its web process is killed.

Nothing is lost, nothing is sent or done twice, and a retry makes exactly one.
"""

import http.client
import json
import random
import threading
import time

import pytest

from tests.faults.conftest import SIGN_UP, counts, make_keys, web_processes
from tests.faults.drills import restart
from tests.support import processes
from tests.support.mail import MailServer
from tests.support.panel import Panel

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]

KILLS = 6


def test_a_restart_loses_no_mail_and_sends_none_twice(panel: Panel, mail_server: MailServer) -> None:
    restart(panel, mail_server, rows=300, restarts=2)


def test_a_killed_web_process_leaves_all_or_nothing_and_a_retry_makes_one(panel: Panel) -> None:
    keys = make_keys(panel, KILLS)
    chance = random.Random(3)
    answered: list[int] = []

    for number, key in enumerate(keys):
        attempt = threading.Thread(target=lambda n=number, k=key: answered.append(_sign_up(panel, n, k)))
        attempt.start()
        time.sleep(chance.uniform(0, 0.12))
        for process in web_processes(panel):
            process.kill()
        attempt.join()
        processes.wait_for(lambda: _is_up(panel), within=30, what="the web process")
        found = counts(panel)
        assert len(set(found.values())) == 1, f"half a sign-up after kill {number}: {found}"

    for number, key in enumerate(keys):
        assert _sign_up(panel, number, key) == 201

    assert set(counts(panel).values()) == {KILLS}
    assert len([status for status in answered if status == 201]) <= KILLS


def _sign_up(panel: Panel, number: int, key: str) -> int:
    """The status, or 0 where the connection broke off."""
    body = json.dumps({**SIGN_UP, "email": f"ada{number}@example.com"})
    headers = {"X-API-Key": key, "Idempotency-Key": f"try-{number}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", panel.port, timeout=30)
    try:
        connection.request("POST", "/api/marketing-api/accounts/create", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _is_up(panel: Panel) -> bool:
    try:
        return panel.get("/healthz").status == 200
    except (OSError, http.client.HTTPException):
        return False
