"""Waiting work is claimed once, settled with its lease, and never lost."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
import time_machine

from app.features.accounts.models import PasswordRequest
from app.features.tenants import service as tenants
from app.kernel import db, jobs, outbox, tenancy
from app.kernel.outbox import Claimed

pytestmark = pytest.mark.both_stores

NOW = datetime(2026, 11, 20, 13, 22, tzinfo=UTC)


@pytest.fixture
def house(fresh_engine: sa.Engine) -> Iterator[UUID]:
    """A tenant in a database of this test alone."""
    tenants.forget()
    with tenancy.across_tenants("operator"), db.transaction() as session:
        made = tenants.create("Harbourline", slug="operator", is_operator=True)
        session.flush()
        found = made.id
    jobs._stop.clear()
    yield found
    jobs._stop.clear()
    tenants.forget()


@pytest.fixture
def time(house: UUID) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def put(house: UUID, count: int) -> None:
    with tenancy.as_tenant(house), db.transaction() as session:
        session.add_all([PasswordRequest(email_key=f"{n}@acme.example", is_staff=False) for n in range(count)])


def states(house: UUID) -> list[tuple[str, int]]:
    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        rows = session.scalars(sa.select(PasswordRequest).order_by(PasswordRequest.id))
        return [(row.state, row.attempts) for row in rows]


def take(count: int = 10, lease: float = 60) -> list[Claimed]:
    return outbox.claim(PasswordRequest, limit=count, lease_seconds=lease)


def settle(row: Claimed, act, *values, **named) -> bool:
    with tenancy.as_tenant(row.tenant_id), db.transaction():
        return act(row, *values, **named)


def test_a_row_in_hand_is_not_claimed_again(house, time):
    put(house, 3)

    first, second = take(2), take(5)

    assert (len(first), len(second), take(5)) == (2, 1, [])
    assert not {row.id for row in first} & {row.id for row in second}


def test_two_workers_at_once_claim_each_row_once(house):
    put(house, 200)
    found: list[UUID] = []

    def work() -> None:
        while claimed := take(7):
            found.extend(row.id for row in claimed)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(found) == len(set(found)) == 200


def test_what_a_dead_worker_had_in_hand_comes_back_when_its_lease_ends(house, time):
    put(house, 1)
    dead = take(lease=60)[0]
    assert take() == []

    time.shift(timedelta(seconds=60))
    again = take()[0]

    assert (again.id, again.attempts) == (dead.id, 2)
    assert not settle(dead, outbox.finish), "the dead one's lease settles nothing any more"
    assert settle(again, outbox.finish)
    assert states(house) == [("done", 2)]


def test_a_failure_waits_and_an_unreachable_server_uses_up_no_attempt(house, time):
    put(house, 1)

    assert settle(take()[0], outbox.retry, 30, "451 later")
    assert take() == []
    time.shift(timedelta(seconds=30))
    assert settle(take()[0], outbox.retry, 5, "refused", counts=False)

    assert states(house) == [("waiting", 1)]


def test_the_reason_is_kept_without_the_secret(house, time):
    put(house, 1)
    row = take()[0]

    settle(row, outbox.dead, "554 password=hunter2hunter2 is wrong\x1b[31m")

    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        kept = session.get_one(PasswordRequest, row.id)
        assert (kept.state, kept.last_error) == ("dead", "554 password=*** is wrong\\x1b[31m")


def test_dead_and_kept_rows_start_afresh_when_somebody_asks(house, time):
    put(house, 2)
    one, other = take()
    settle(one, outbox.dead, "no such person")
    settle(other, outbox.hold)
    assert states(house) == [("dead", 1), ("kept", 0)]

    with tenancy.as_tenant(house), db.transaction():
        assert outbox.revive(PasswordRequest, one.id)
        assert outbox.revive(PasswordRequest, other.id)
        assert not outbox.revive(PasswordRequest, other.id), "it waits already"

    assert states(house) == [("waiting", 0), ("waiting", 0)]


def test_a_delivery_that_breaks_is_tried_three_times_then_given_up(house, time):
    put(house, 1)

    def break_down(_row: Claimed) -> None:
        raise RuntimeError("a bug")

    for _ in range(5):
        outbox.drain(PasswordRequest, break_down)
        time.shift(timedelta(days=1))

    assert states(house) == [("dead", 3)]


def test_told_to_stop_the_row_in_hand_is_finished_and_the_others_go_back_untouched(house, time):
    put(house, 5)

    def deliver(row: Claimed) -> None:
        jobs.stop()
        with db.transaction():
            outbox.finish(row)

    assert outbox.drain(PasswordRequest, deliver) == 1

    assert sorted(states(house)) == [("done", 1)] + [("waiting", 0)] * 4


def test_a_long_batch_keeps_its_lease(house, time):
    put(house, 5)

    def deliver(row: Claimed) -> None:
        time.shift(timedelta(seconds=40))
        with db.transaction():
            assert outbox.finish(row)

    assert outbox.drain(PasswordRequest, deliver, lease_seconds=60) == 5
    assert states(house) == [("done", 1)] * 5


def test_each_delivery_sees_its_own_tenant_alone(house, time):
    with tenancy.across_tenants("operator"), db.transaction() as session:
        other = tenants.create("Tern", slug="tern")
        session.flush()
        elsewhere = other.id
    put(house, 1)
    put(elsewhere, 1)
    seen = []

    def deliver(row: Claimed) -> None:
        with db.transaction() as session:
            seen.append((tenancy.current(), session.scalars(sa.select(PasswordRequest.tenant_id)).all()))
            outbox.finish(row)

    outbox.drain(PasswordRequest, deliver)

    assert sorted(seen) == sorted([(house, [house]), (elsewhere, [elsewhere])])


def test_figures_say_how_many_wait_and_how_long(house, time):
    put(house, 3)
    settle(take(1)[0], outbox.finish)
    time.shift(timedelta(seconds=90))

    with db.transaction(write=False):
        assert outbox.depths()["password_requests"] == {"done": 1, "waiting": 2}
        assert outbox.ages()["password_requests"] == 90.0
