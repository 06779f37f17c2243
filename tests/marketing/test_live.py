"""The same promises over real HTTP, with two web processes and many clients at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice
from app.features.messages.models import EmailMessage
from app.features.orders.models import Order
from app.features.subscriptions.models import Subscription
from app.kernel import db
from app.kernel.idempotency import IdempotencyKey
from tests.conftest import PanelMaker
from tests.marketing.test_api import CREATE, SIGN_UP
from tests.support import processes
from tests.support.panel import Answer, Panel

pytestmark = pytest.mark.both_stores

MADE = (Customer, Order, Subscription, Invoice, EmailMessage, IdempotencyKey)
DELAYS = (0.005, 0.02, 0.05)
"""Seconds until the web processes are killed."""
BURST = 200
TWINS = 10
"""As many as a key may send in a minute; fifty at once: tests/kernel/test_idempotency.py."""


@pytest.fixture
def house(make_panel: PanelMaker) -> Panel:
    """Two web processes and a worker."""
    return make_panel().start(arguments=("--web", "2"))


def at_once(number: int, ask: Any) -> list[Answer]:
    """What `ask(0) ... ask(number - 1)` answer, all sent together."""
    gate = threading.Barrier(number)

    def one(index: int) -> Answer:
        gate.wait()
        return ask(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def rows(house: Panel, model: type) -> int:
    engine = db.make_engine(house.database_url)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT set_config('mpanel.across', 'on', false)")
        found = connection.execute(sa.select(sa.func.count()).select_from(model.__table__)).scalar_one()
    engine.dispose()
    return int(found)


def test_of_two_hundred_at_once_exactly_ten_pass_a_limit_of_ten(house: Panel) -> None:
    key = house.api_key("marketing")

    answers = at_once(
        BURST, lambda i: house.post_json(CREATE, {**SIGN_UP, "email": f"c{i}@example.com"}, X_API_Key=key)
    )

    statuses = [answer.status for answer in answers]
    assert {status: statuses.count(status) for status in set(statuses)} == {201: 10, 429: BURST - 10}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 429)
    assert rows(house, Customer) == rows(house, Invoice) == 10


def test_a_repeated_request_has_one_effect_whatever_happens_to_it(house: Panel) -> None:
    """Twins at once; then SIGKILL somewhere between the arrival of a request and its answer, and another try."""
    key = house.api_key("marketing")

    answers = at_once(TWINS, lambda _i: sign_up(house, key, "twin"))

    passed = [answer for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.text for answer in passed}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in passed) == 1
    assert made(house) == [1] * len(MADE)

    for number, delay in enumerate(DELAYS, start=2):
        key = house.api_key("marketing", name=f"site {number}")
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(try_sign_up, house, key, f"killed{number}")
            time.sleep(delay)
            kill_web(house)
            cut_off = first.result()
        assert made(house) in ([number - 1] * len(MADE), [number] * len(MADE))
        again = insist(house, key, f"killed{number}")
        assert made(house) == [number] * len(MADE)
        assert cut_off is None or cut_off.json == again.json


def sign_up(house: Panel, key: str, name: str) -> Answer:
    body = {**SIGN_UP, "email": f"{name}@example.com"}
    return house.post_json(CREATE, body, X_API_Key=key, Idempotency_Key=name)


def try_sign_up(house: Panel, key: str, name: str) -> Answer | None:
    """The answer, or None when the connection was cut, as a client sees it."""
    try:
        return sign_up(house, key, name)
    except (OSError, HTTPException):
        return None


def insist(house: Panel, key: str, name: str) -> Answer:
    """Try again until there is an answer, as a client does."""
    answers: list[Answer] = []

    def try_again() -> bool:
        answer = try_sign_up(house, key, name)
        if answer is not None:
            answers.append(answer)
        return answer is not None

    processes.wait_for(try_again, within=60, what="an answer")
    assert answers[-1].status == 201, answers[-1]
    return answers[-1]


def made(house: Panel) -> list[int]:
    """How many there are of each thing that a sign-up makes."""
    return [rows(house, model) for model in MADE]


def kill_web(house: Panel) -> None:
    """SIGKILL to every web process; the supervisor starts others."""
    assert house.process is not None
    for child in psutil.Process(house.process.pid).children(recursive=True):
        if "web" in child.cmdline():
            child.kill()
