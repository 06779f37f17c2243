"""The thread of a worker that looks every second which scheduled work is due, and has it done."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from app.kernel import jobs, logs, schedule

LOOK_SECONDS = 1.0
RENEW_SECONDS = 15.0
THREADS = 2

_log = logs.get("timekeeper")


class Timekeeper:
    """Keeps the schedule in one process; any number of processes may."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._keep, name="timekeeper", daemon=True)
        self._hands = ThreadPoolExecutor(THREADS, thread_name_prefix="schedule")
        self._in_hand: set[Future[str]] = set()
        self._is_installed = False

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Claim nothing new and wait `timeout` seconds for what runs. True when all of it ended."""
        jobs.stop()
        deadline = time.monotonic() + timeout
        self._thread.join(timeout)
        while self._busy() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._hands.shutdown(wait=False, cancel_futures=True)
        return not self._busy()

    def _busy(self) -> bool:
        self._in_hand = {future for future in self._in_hand if not future.done()}
        return bool(self._in_hand)

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not jobs.stopping():
            try:
                self._look()
                if time.monotonic() > renewed + RENEW_SECONDS:
                    schedule.renew()
                    renewed = time.monotonic()
            except Exception as problem:
                _log.warning("schedule not kept", error=type(problem).__name__)
                jobs.wait_for_stop(2.0)
            jobs.wait_for_stop(LOOK_SECONDS)

    def _look(self) -> None:
        if not self._is_installed:
            schedule.install()
            self._is_installed = True
        if self._busy() and len(self._in_hand) >= THREADS:
            return  # a slot is claimed only when a hand is free for it
        for slot in schedule.due():
            self._in_hand.add(self._hands.submit(schedule.perform, slot))
