"""A worker's ears: threads that answer rings, and sweeps for what nobody rang for."""

import logging
import math
import threading
import time

from app.kernel import jobs


class Listener:
    """Worker threads that answer rings, and one sweeping thread for each bell."""

    def __init__(self, *, threads: int = 4) -> None:
        logging.getLogger("huey").setLevel(logging.WARNING)
        logging.getLogger("huey.consumer.Worker").addFilter(_SeldomFilter())
        made = jobs.make_consumer_huey()
        from huey.consumer import Consumer

        class Quiet(Consumer):  # type: ignore[misc]
            """A consumer inside our own process: signals are ours."""

            def _set_signal_handlers(self) -> None:
                return

        self._consumer = Quiet(made, workers=threads, periodic=False, initial_delay=0.05, max_delay=0.25)
        self._sweeps = [
            threading.Thread(target=self._sweep, args=(one,), name=f"sweep-{one.name}", daemon=True)
            for one in jobs.BELLS.values()
        ]

    def start(self) -> None:
        """Begin to listen."""
        self._consumer.start()
        for sweep in self._sweeps:
            sweep.start()

    def check(self) -> None:
        """Replace threads that have died."""
        self._consumer.check_worker_health()

    def stop(self, timeout: float) -> bool:
        """Begin nothing new and wait `timeout` seconds for what is in hand. True when all of it ended."""
        jobs.stop()
        deadline = time.monotonic() + timeout
        self._consumer.shutdown_timeout = timeout
        self._consumer.stop(graceful=True)
        for sweep in self._sweeps:
            sweep.join(max(0.0, deadline - time.monotonic()))
        threads = [thread for _, thread in self._consumer.worker_threads]
        return not any(thread.is_alive() for thread in (*self._sweeps, *threads))

    def _sweep(self, one: jobs.Bell) -> None:
        while not jobs.stopping():
            one.run(math.inf)
            jobs.wait_for_stop(jobs.SWEEP_SECONDS)


class _SeldomFilter(logging.Filter):
    """Lets one record through every 30 seconds: a queue that is away must not fill the disk with its absence."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + 30
        return True
