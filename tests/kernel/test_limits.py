"""Exactly as many as allowed, whoever counts where; waiting so long really works."""

import statistics
import subprocess
import sys
import threading
import time as real_time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from app.kernel import counters, db, limits
from app.kernel.errors import TooMany
from tests.support import processes
from tests.support.redis import Redis
from tests.support.stores import ROOT

NOW = datetime(2026, 11, 20, 13, 22, tzinfo=UTC)
KINDS = ("sql", "redis", "memory")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    stores, shut = limits._State.stores, limits._State.shut_until
    limits.forget_tightest()
    yield
    limits._State.stores, limits._State.shut_until = stores, shut


@pytest.fixture
def counting(fresh_engine: sa.Engine, tmp_path: Path) -> None:
    """Limits on the store, without Redis."""
    limits.configure(tmp_path, None)


def allowed(tries: int, rule: str, *parts: str) -> int:
    passed = 0
    for _ in range(tries):
        try:
            limits.hit(rule, *parts)
            passed += 1
        except TooMany:
            pass
    return passed


@pytest.mark.both_stores
def test_of_a_burst_exactly_ten_pass(counting):
    passed: list[int] = []
    threads = [threading.Thread(target=lambda: passed.append(allowed(25, "10/minute", "burst"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 10


def test_a_new_file_may_be_opened_by_many_at_once(fresh_engine, tmp_path):
    for round_ in range(40):
        (tmp_path / str(round_)).mkdir()
        limits.configure(tmp_path / str(round_), None)
        together = threading.Barrier(8)
        passed: list[int] = []

        def burst(together=together, passed=passed):
            together.wait()
            passed.append(allowed(3, "10/minute", "burst"))

        threads = [threading.Thread(target=burst) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(passed) == 10


@pytest.mark.both_stores
def test_two_processes_count_together(fresh_url, tmp_path):
    program = (
        "import sys, pathlib\n"
        "from app.kernel import db, limits\n"
        "from app.kernel.errors import TooMany\n"
        "db.configure(sys.argv[1]); limits.configure(pathlib.Path(sys.argv[2]), None)\n"
        "passed = 0\n"
        "for _ in range(100):\n"
        "    try: limits.hit('10/minute', 'x'); passed += 1\n"
        "    except TooMany: pass\n"
        "print(passed)\n"
    )
    command = [sys.executable, "-c", program, fresh_url, str(tmp_path)]
    environment = processes.clean_environment(PYTHONPATH=str(ROOT))
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) for _ in range(2)]

    assert sum(int(one.communicate(timeout=60)[0]) for one in both) == 10


@pytest.mark.both_stores
def test_waiting_as_long_as_it_says_works_and_not_a_second_less(counting):
    with time_machine.travel(NOW, tick=False) as time:
        assert allowed(10, "10/minute", "a") == 10
        time.shift(20)
        with pytest.raises(TooMany) as refused:
            limits.hit("10/minute", "a")
        assert refused.value.retry_after == 40

        time.shift(39)
        assert allowed(1, "10/minute", "a") == 0
        time.shift(1)
        assert allowed(11, "10/minute", "a") == 10


@pytest.mark.both_stores
@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1), timedelta(hours=-1), timedelta(seconds=-1)])
def test_a_clock_that_jumps_locks_nobody_out_for_ever(counting, jump):
    with time_machine.travel(NOW, tick=False) as time:
        assert allowed(11, "10/minute", "a") == 10
        time.shift(jump)
        limits.forget_tightest()
        try:
            limits.hit("10/minute", "a")
        except TooMany as refused:
            assert refused.retry_after is not None and refused.retry_after <= 125
            time.shift(refused.retry_after)
            limits.hit("10/minute", "a")


@pytest.mark.both_stores
def test_what_differs_is_counted_apart(counting):
    assert allowed(3, "2/minute", "sign-in", "alice") == 2
    assert allowed(3, "2/minute", "sign-in", "bob") == 2
    assert allowed(3, "2/hour", "sign-in", "alice") == 2
    assert allowed(3, "2/minute", "sign-in|alice") == 2


@pytest.mark.both_stores
def test_looking_and_checking_count_nothing_and_reset_forgets(counting):
    limits.check("1/minute", "a")
    assert limits.peek("1/minute", "a").remaining == 1
    limits.hit("1/minute", "a")
    assert limits.peek("1/minute", "a").remaining == 0
    with pytest.raises(TooMany):
        limits.check("1/minute", "a")

    limits.reset("1/minute", "a")

    assert allowed(2, "1/minute", "a") == 1


@pytest.mark.both_stores
def test_old_windows_are_swept(counting):
    with time_machine.travel(NOW, tick=False) as time:
        limits.hit("10/minute", "a")
        time.shift(61)
        limits.hit("10/minute", "b")
        limits.sweep()

    store = limits._State.stores[0]
    rows = store._connection().execute if isinstance(store, counters.SqliteCounters) else None
    if rows is not None:
        assert rows("SELECT count(*) FROM limit_counters").fetchone() == (1,)
    else:
        with db.engine().connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM limit_counters").scalar() == 1


def test_the_headers_tell_of_the_limit_that_is_nearest(counting):
    limits.hit("1000/hour", "key")
    limits.hit("10/minute", "route")
    limits.hit("1000/hour", "key")

    found = limits.tightest()

    assert found is not None
    assert (found.limit, found.remaining, found.window_seconds) == (10, 9, 60)


def test_no_address_or_name_is_stored(counting, tmp_path):
    limits.hit("10/minute", "sign-in", "alice@acme.example", "203.0.113.7")

    stored = b"".join(path.read_bytes() for path in tmp_path.glob("limits.db*"))
    assert b"alice" not in stored and b"203.0.113" not in stored


def test_with_redis_it_is_exact_too(fresh_engine, tmp_path, redis_server: Redis):
    limits.configure(tmp_path, redis_server.url)
    passed: list[int] = []
    threads = [threading.Thread(target=lambda: passed.append(allowed(25, "10/minute", "burst"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 10
    assert 55 <= limits.peek("10/minute", "burst").reset_seconds <= 60


def test_a_dead_redis_costs_little_and_the_limit_still_holds(fresh_engine, tmp_path, redis_server: Redis):
    limits.configure(tmp_path, redis_server.url)
    limits.hit("10/minute", "warm")
    redis_server.stop()
    try:
        taken = []
        for _ in range(20):
            started = real_time.perf_counter()
            allowed(1, "1000/minute", "timed")
            taken.append(real_time.perf_counter() - started)
        assert statistics.median(taken) < counters.REDIS_TIMEOUT  # all but the first leave it alone
        assert allowed(20, "10/minute", "a") == 10
    finally:
        redis_server.start()


def test_when_no_store_answers_each_process_counts_for_itself(fresh_engine, tmp_path):
    limits.configure(tmp_path / "nowhere", None)

    assert allowed(20, "10/minute", "a") == 10


def test_a_process_that_counts_for_itself_is_exact_too(fresh_engine, tmp_path):
    """The library's own store in memory lost hits here, and raised for all of the next five seconds."""
    for round_ in range(40):
        limits.configure(tmp_path / "nowhere", None)
        together = threading.Barrier(16)
        passed: list[int] = []

        def burst(together=together, passed=passed, name=str(round_)):
            together.wait()
            passed.append(allowed(3, "10/minute", name))

        threads = [threading.Thread(target=burst) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(passed) == 10


def test_memory_stays_bounded_while_a_process_counts_for_itself(monkeypatch):
    monkeypatch.setattr(counters, "MOST_IN_MEMORY", 100)
    store = counters.MemoryCounters()

    for number in range(1000):
        assert store.take(f"k{number}", 60, 1)[0] == 1

    assert len(store._windows) <= 100
    assert store.look("k999")[0] == 1
