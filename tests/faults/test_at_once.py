"""Many at once over real HTTP, against two web processes and a worker of one installation."""

import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing import ledger
from app.features.billing.models import Invoice
from app.features.messages.models import EmailMessage
from app.features.orders.models import Order
from app.features.payments import service as payments
from app.features.payments.models import Payment
from app.features.subscriptions.models import Subscription
from app.kernel import db, tenancy
from app.kernel.idempotency import IdempotencyKey
from tests.faults.conftest import SIGN_UP, counts, looking_into, make_keys, web_processes
from tests.journeys import conftest as journeys
from tests.journeys.test_sign_up import Visitor
from tests.support import processes
from tests.support.panel import Answer, Panel

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]

CREATE = "/api/marketing-api/accounts/create"
KEYS, CALLS_A_KEY, WRITERS = 12, 10, 8
LARGEST_WAL = 64 * 1024 * 1024
MADE = (Customer, Order, Subscription, Invoice, EmailMessage, IdempotencyKey)
DELAYS = (0.005, 0.02, 0.05)
"""Seconds until the web processes are killed."""
BURST = 200
TWINS = 10
"""As many as a key may send in a minute; fifty at once: tests/kernel/test_idempotency.py."""
CLICKS = 20


@pytest.fixture
def running(panel: Panel) -> Panel:
    """Two web processes and a worker, for the whole file."""
    return panel if panel.process is not None else panel.start(arguments=("--web", "2"))


def sign_up(panel: Panel, key: str, name: str, **headers: str) -> Answer:
    """A call of a site."""
    return panel.post_json(CREATE, {**SIGN_UP, "email": f"{name}@example.com"}, X_API_Key=key, **headers)


@pytest.mark.only_store("sqlite")
def test_two_web_processes_and_a_worker_never_see_a_locked_database(running: Panel) -> None:
    """R-27: many writers and readers, and the write-ahead log stays small."""
    keys, before = make_keys(running, KEYS), counts(running)

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        readers = [pool.submit(_read, running, keys[0]) for _ in range(60)]
        calls = [(key, f"w{number}-{index}") for number in range(CALLS_A_KEY) for index, key in enumerate(keys)]
        statuses = list(pool.map(lambda call: sign_up(running, *call).status, calls))
        read = [reader.result() for reader in readers]

    assert set(statuses) == {201}
    assert set(read) <= {200, 429}
    assert {count - before[name] for name, count in counts(running).items()} == {KEYS * CALLS_A_KEY}
    assert "locked" not in running.log.read_text()
    database = sa.make_url(running.database_url).database
    assert database is not None
    assert Path(database + "-wal").stat().st_size <= LARGEST_WAL


def _read(panel: Panel, key: str) -> int:
    return panel.get("/api/marketing-api/products/catalog", X_API_Key=key).status


def at_once(number: int, ask: Any) -> list[Answer]:
    """What `ask(0) ... ask(number - 1)` answer, all sent together."""
    gate = threading.Barrier(number)

    def one(index: int) -> Answer:
        gate.wait()
        return ask(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_of_two_hundred_at_once_exactly_ten_pass_a_limit_of_ten(running: Panel) -> None:
    key, before = running.api_key("marketing"), counts(running)

    answers = at_once(BURST, lambda i: sign_up(running, key, f"c{i}"))

    statuses = [answer.status for answer in answers]
    assert {status: statuses.count(status) for status in set(statuses)} == {201: 10, 429: BURST - 10}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 429)
    assert {count - before[name] for name, count in counts(running).items()} == {10}


def test_twenty_clicks_at_once_pay_once(running: Panel) -> None:
    """R-16, short."""
    key = running.api_key("marketing", name="shop")
    made = running.post_json(CREATE, journeys.SIGN_UP, X_API_Key=key).json["data"]
    person = Visitor(running)
    path = made["setPasswordUrl"].removeprefix(running.url)
    person.send(path, {"password": journeys.PASSWORD, "confirmation": journeys.PASSWORD})
    text = person.get(f"/client/billing/{made['invoiceId']}").text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)) | {"method": "sandbox"}
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(fields).encode()

    answers = at_once(CLICKS, lambda _i: running.ask("POST", "/client/payments", body=body, headers=headers))

    assert {answer.status for answer in answers} == {303}
    assert "Receipt" in person.get(f"/client/billing/{made['invoiceId']}").text
    db.configure(running.database_url)
    with tenancy.across_tenants("operator"), db.transaction(write=False) as session:
        assert session.scalars(sa.select(Payment.amount_minor)).all() == [3992]
        mine = sa.select(Invoice.status).where(Invoice.id == uuid.UUID(made["invoiceId"]))
        assert session.scalars(mine).all() == ["paid"]
        assert ledger.check() == payments.check() == []
    db.dispose()


def test_a_repeated_request_has_one_effect_whatever_happens_to_it(running: Panel) -> None:
    """Twins at once; then SIGKILL somewhere between the arrival of a request and its answer, and another try."""
    key, before = running.api_key("marketing", name="site 1"), rows(running)

    answers = at_once(TWINS, lambda _i: sign_up(running, key, "twin", Idempotency_Key="twin"))

    passed = [answer for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.text for answer in passed}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in passed) == 1
    assert made_since(running, before) == [1] * len(MADE)

    for number, delay in enumerate(DELAYS, start=2):
        key = running.api_key("marketing", name=f"site {number}")
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(try_sign_up, running, key, f"killed{number}")
            time.sleep(delay)
            for process in web_processes(running):
                process.kill()
            cut_off = first.result()
        assert made_since(running, before) in ([number - 1] * len(MADE), [number] * len(MADE))
        again = insist(running, key, f"killed{number}")
        assert made_since(running, before) == [number] * len(MADE)
        assert cut_off is None or cut_off.json == again.json


def try_sign_up(panel: Panel, key: str, name: str) -> Answer | None:
    """The answer, or None when the connection was cut, as a client sees it."""
    try:
        return sign_up(panel, key, name, Idempotency_Key=name)
    except (OSError, HTTPException):
        return None


def insist(panel: Panel, key: str, name: str) -> Answer:
    """Try again until there is an answer, as a client does."""
    answers: list[Answer] = []

    def try_again() -> bool:
        answer = try_sign_up(panel, key, name)
        if answer is not None:
            answers.append(answer)
        return answer is not None

    processes.wait_for(try_again, within=60, what="an answer")
    assert answers[-1].status == 201, answers[-1]
    return answers[-1]


def rows(panel: Panel) -> list[int]:
    """How many there are of each thing that a sign-up makes."""
    with looking_into(panel) as connection:
        tables = [sa.select(sa.func.count()).select_from(model.__table__) for model in MADE]
        return [int(connection.execute(count).scalar_one()) for count in tables]


def made_since(panel: Panel, before: list[int]) -> list[int]:
    """How many more there are."""
    return [now - then for now, then in zip(rows(panel), before, strict=True)]
