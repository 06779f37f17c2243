"""The bell: Huey tells a worker that there are rows to see to. Rows are the truth, the bell may get lost.

`ring` costs a request nothing: a background thread hands the ring over after
the commit, and a queue that is away is left alone for some seconds. What
nobody rang for is found by the sweeps, which every worker makes.
"""

import queue
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from app.kernel import aftermath, db, logs, metrics
from app.kernel.queues import make_huey
from app.kernel.schedule import scheduled

__all__ = [
    "BELLS", "Bell", "bell", "close", "configure", "more_hands", "queue_size", "ring", "scheduled", "stop", "stopping",
]  # fmt: skip

REDIS_TIMEOUT = 0.05
"""Seconds that a ring may wait for Redis."""
BREAKER_SECONDS = 5.0
"""How long a queue that failed is left alone."""
QUIET_SECONDS = 60.0
"""Between two traces of a bell that keeps failing."""
SWEEP_SECONDS = 2.0
"""How long work waits at most that nobody rang for."""

_log = logs.get("jobs")


class Bell:
    """A kind of waiting work: the function that sees to all of it, and how many threads may do so at once."""

    def __init__(self, name: str, work: Callable[[], object], threads: int) -> None:
        self.name = name
        self.work = work
        self.threads = threads
        self._lock = threading.Lock()
        self._running = 0
        self._again = False
        self._begun = 0.0
        self._quiet_until = 0.0

    def run(self, rung_at: float) -> None:
        """See to what was there at `rung_at` (epoch seconds), unless a later look has done so already."""
        with self._lock:
            if rung_at < self._begun <= time.time():
                return
            if self._running >= self.threads:
                self._again = True
                return
            self._running += 1
        while self._run_once() and self._is_wanted_again():
            pass

    def has_free_hands(self) -> bool:
        """Whether another thread may help."""
        return self._running < self.threads

    def _run_once(self) -> bool:
        begun, started = time.time(), time.monotonic()
        mark = _at_work.set(self)
        aftermath.collect()
        fine = False
        try:
            self.work()
            fine = True
        except Exception as problem:
            self._complain(problem)
        finally:
            for note in aftermath.take():
                with db.transaction():
                    note()
            _at_work.reset(mark)
            with self._lock:
                if fine:
                    self._begun = max(self._begun, begun)
                else:
                    self._running -= 1
        metrics.JOBS.labels(self.name, "done" if fine else "failed").inc()
        metrics.JOB_SECONDS.labels(self.name).observe(time.monotonic() - started)
        return fine

    def _complain(self, problem: Exception) -> None:
        """The whole trace now and then, one short line else: a database that is away must not fill the disk."""
        now = time.monotonic()
        if now < self._quiet_until:
            _log.warning("bell failed", bell=self.name, error=type(problem).__name__)
        else:
            self._quiet_until = now + QUIET_SECONDS
            _log.exception("bell failed", bell=self.name)

    def _is_wanted_again(self) -> bool:
        with self._lock:
            if self._again and not stopping():
                self._again = False
                return True
            self._running -= 1
            return False


class _State:
    data: Path | None = None
    redis_url: str | None = None
    huey: Any = None
    ring_task: Any = None
    ringer: "threading.Thread | None" = None
    shut_until = 0.0


BELLS: dict[str, Bell] = {}
"""Every bell by name."""

_stop = threading.Event()
_at_work: ContextVar[Bell | None] = ContextVar("bell", default=None)
_rings: "queue.SimpleQueue[str | None]" = queue.SimpleQueue()
_ringer_lock = threading.Lock()
_huey_lock = threading.Lock()


def configure(data: Path, redis_url: str | None) -> None:
    """Say where the queue is: Redis when there is one, else a small SQLite file in the data folder."""
    close()
    _State.data, _State.redis_url = data, redis_url
    _State.huey = _State.ring_task = None
    _State.shut_until = 0.0
    _stop.clear()


def bell(name: str, *, threads: int = 1) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function that sees to all rows that are due; at most `threads` at once in a process.

    It is called when `ring(name)` was, and by the sweep. It must be safe to
    call at any time, from several processes.
    """

    def register(work: Callable[[], object]) -> Callable[[], object]:
        BELLS[name] = Bell(name, work, threads)
        return work

    return register


def ring(name: str) -> None:
    """Call for the work behind `name`, once what is being written has committed. Never fails, never waits."""
    if not db.has_session():
        _hand_over(name)
        return
    rung = db.session().info.setdefault("rung", set())
    if name not in rung:
        rung.add(name)
        db.after_commit(lambda: _hand_over(name))


def more_hands() -> None:
    """Said by the function of a bell: there is more than one thread can do soon."""
    bell_at_work = _at_work.get()
    if bell_at_work is not None and bell_at_work.has_free_hands():
        _hand_over(bell_at_work.name)


def stopping() -> bool:
    """Whether this process was told to stop: begin nothing new."""
    return _stop.is_set()


def stop() -> None:
    """Tell everything in this process to begin nothing new."""
    _stop.set()


def wait_for_stop(seconds: float) -> bool:
    """Wait so long, or until this process was told to stop: then True."""
    return _stop.wait(seconds)


def _hand_over(name: str) -> None:
    if _State.data is None:
        return
    with _ringer_lock:
        if _State.ringer is None or not _State.ringer.is_alive():
            _State.ringer = threading.Thread(target=_ring_on, name="ringer", daemon=True)
            _State.ringer.start()
    _rings.put(name)


def _ring_on() -> None:
    while True:
        names = {_rings.get()}
        while not _rings.empty():
            names.add(_rings.get())
        for name in names - {None}:
            send(str(name))
        if None in names:
            return


def send(name: str) -> bool:
    """Ring now, in this thread. False when the queue is away, or was a moment ago."""
    if time.monotonic() < _State.shut_until:
        return False
    try:
        huey()
        _State.ring_task(name, time.time())
    except Exception as problem:
        _State.shut_until = time.monotonic() + BREAKER_SECONDS
        _log.warning("queue is away", error=type(problem).__name__)
        return False
    return True


def close() -> None:
    """Hand over what was rung, then end the ringer."""
    ringer = _State.ringer
    if ringer is not None and ringer.is_alive():
        _rings.put(None)
        ringer.join(1.0)
    _State.ringer = None


def queue_size() -> int | None:
    """Rings that no worker has heard yet, or None when the queue is away."""
    try:
        return int(huey().pending_count())
    except Exception:
        return None


def make_consumer_huey() -> Any:
    """A Huey for a consumer, which may wait longer for Redis than a request."""
    assert _State.data is not None, "jobs are not configured"
    made, _ = make_huey(_State.data, _State.redis_url, timeout=5.0, answer=answer)
    return made


def huey() -> Any:
    """The Huey of this process, made when first needed, by one thread."""
    with _huey_lock:
        if _State.huey is None:
            assert _State.data is not None, "jobs are not configured"
            made = make_huey(_State.data, _State.redis_url, timeout=REDIS_TIMEOUT, answer=answer)
            _State.huey, _State.ring_task = made
        return _State.huey


def answer(name: str, rung_at: float) -> None:
    """What a worker does when it hears a ring."""
    found = BELLS.get(name)
    if found is not None and not stopping():
        found.run(rung_at)
