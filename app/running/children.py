"""What a process of the panel owes the supervisor that started it."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType


@dataclass(frozen=True)
class Ties:
    """File descriptors handed down by the supervisor; None where the process runs alone."""

    listener: int | None = None
    ready: int | None = None
    lifeline: int | None = None
    identity: bytes | None = None
    """By which the supervisor knows this process, in its leases too."""
    after: tuple[bytes, ...] = ()
    """Those of processes that died before this one was started."""

    def tell_ready(self) -> None:
        """Say that work can come."""
        if self.ready is not None:
            os.write(self.ready, b"1")
            os.close(self.ready)

    def watch(self) -> None:
        """End as on SIGTERM when the supervisor is gone, however it went."""
        if self.lifeline is not None:
            threading.Thread(target=self._wait_for_the_end, name="lifeline", daemon=True).start()

    def _wait_for_the_end(self) -> None:
        assert self.lifeline is not None
        while os.read(self.lifeline, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)


def on_stop(act: Callable[[], None]) -> None:
    """Call `act` on SIGTERM and on SIGINT alike, as often as they come."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
