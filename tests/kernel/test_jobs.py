"""The bell rings after the commit, costs a request nothing, and may be lost without harm."""

import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.kernel import db, jobs
from app.kernel.jobs import Bell
from app.kernel.listener import Listener
from app.kernel.queues import make_huey
from tests.support.redis import Redis


class Counted:
    """Work behind a bell that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.ran = threading.Condition()
        self.fails = False

    def __call__(self) -> None:
        with self.ran:
            self.runs += 1
            self.ran.notify_all()
        if self.fails:
            raise RuntimeError("a bug")

    def wait(self, runs: int, within: float = 10) -> bool:
        with self.ran:
            return self.ran.wait_for(lambda: self.runs >= runs, within)


@pytest.fixture
def work(tmp_path: Path, fresh_engine: sa.Engine) -> Iterator[Counted]:
    before, state = dict(jobs.BELLS), (jobs._State.data, jobs._State.redis_url)
    jobs.BELLS.clear()
    made = Counted()
    jobs.bell("test")(made)
    jobs.configure(tmp_path, None)
    yield made
    jobs.close()
    jobs.BELLS.clear()
    jobs.BELLS.update(before)
    jobs._State.data, jobs._State.redis_url = state
    jobs._State.huey = jobs._State.ring_task = None
    jobs._stop.clear()


@pytest.fixture
def no_sweeps(monkeypatch) -> None:
    """Only rings count."""
    monkeypatch.setattr(Listener, "_sweep", lambda _self, _one: None)


@pytest.fixture
def listening(work: Counted) -> Iterator[None]:
    ears = Listener(threads=2)
    ears.start()
    yield
    assert ears.stop(10)


def queued() -> int:
    jobs.close()  # hands over what was rung
    return jobs.queue_size() or 0


def test_it_rings_once_for_a_transaction_and_only_when_that_commits(work):
    with db.transaction():
        jobs.ring("test")
        jobs.ring("test")
        assert queued() == 0
    assert queued() == 1

    with pytest.raises(ZeroDivisionError), db.transaction():
        jobs.ring("test")
        1 / 0  # noqa: B018
    assert queued() == 1


def test_a_ring_is_heard_at_once(work, no_sweeps, listening):
    with db.transaction():
        jobs.ring("test")

    assert work.wait(1)  # nobody sweeps here: heard at all is heard by the ring


def test_rings_that_a_later_look_has_answered_are_not_answered_again(work, no_sweeps):
    for _ in range(50):
        assert jobs.send("test")
    ears = Listener(threads=2)
    ears.start()
    assert work.wait(1)
    deadline = time.monotonic() + 10
    while jobs.queue_size() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ears.stop(10)

    assert work.runs <= 3


def test_work_that_nobody_rang_for_is_found(work, listening):
    assert work.wait(2, within=6)


def test_work_that_breaks_is_tried_again_by_the_sweep(work, listening):
    work.fails = True
    assert work.wait(2, within=6)


def test_a_ring_during_the_work_makes_it_look_once_more(tmp_path):
    begun, go_on, runs = threading.Event(), threading.Event(), []

    def slow() -> None:
        runs.append(1)
        begun.set()
        go_on.wait(5)

    bell = Bell("slow", slow, threads=1)
    first = threading.Thread(target=bell.run, args=(time.time(),))
    first.start()
    begun.wait(5)
    bell.run(time.time())  # returns at once: somebody is at it
    assert runs == [1]
    go_on.set()
    first.join(5)

    assert runs == [1, 1]


def test_with_redis_a_ring_is_heard(work, no_sweeps, tmp_path, redis_server: Redis):
    jobs.configure(tmp_path, redis_server.url)
    ears = Listener(threads=2)
    ears.start()
    try:
        jobs.ring("test")
        assert work.wait(1)
    finally:
        assert ears.stop(10)


def test_a_dead_redis_costs_the_request_nothing_and_fails_nothing(work, tmp_path):
    jobs.configure(tmp_path, "redis://127.0.0.1:1/0")
    without, with_rings = [], []
    for taken, ring in ((without, lambda _name: None), (with_rings, jobs.ring)) * 20:
        started = time.perf_counter()
        with db.transaction():
            ring("test")
        taken.append(time.perf_counter() - started)
    assert statistics.median(with_rings) < statistics.median(without) + jobs.REDIS_TIMEOUT / 2

    assert jobs.send("test") is False
    assert jobs.queue_size() is None


def test_a_worker_lives_through_a_redis_that_goes_and_comes_back(work, tmp_path, redis_server: Redis):
    jobs.configure(tmp_path, redis_server.url)
    ears = Listener(threads=2)
    ears.start()
    redis_server.stop()
    seen = work.runs
    assert work.wait(seen + 2, within=8), "the sweep goes on meanwhile"
    redis_server.start()
    ears.check()
    assert ears.stop(10)


def test_whoever_can_write_to_the_queue_can_ring_but_not_run_code(work):
    stored = jobs.huey().serialize_task(jobs._State.ring_task.s("test", 1.0))

    assert stored.startswith(b'["') and b"test" in stored
    with pytest.raises(ValueError, match=r"."):
        jobs.huey().deserialize_task(b"\x80\x05cos\nsystem\n(S'true'\ntR.")


def test_the_queue_file_is_private(work, tmp_path):
    jobs.send("test")

    assert (tmp_path / "queue.db").stat().st_mode & 0o077 == 0


def test_a_new_queue_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """A web process and a worker do so at the first start."""
    for round_ in range(25):
        folder = tmp_path / str(round_)
        folder.mkdir()
        together = threading.Barrier(8)
        made: list[object] = []

        def open_it(together: threading.Barrier = together, made: list[object] = made, folder: Path = folder) -> None:
            together.wait()
            library, task = make_huey(folder, None, timeout=1.0, answer=lambda _name, _at: None)
            task("test", 0.0)
            made.append(library.pending_count())

        threads = [threading.Thread(target=open_it) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(made) == 8 and max(made, key=str) == 8
