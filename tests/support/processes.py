"""Real processes on loopback that never outlive the test run."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Run in the child: Linux kills it when the process that started it is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command`; what it prints goes to the file `log`."""
    extra: dict[str, Any] = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            preexec_fn=die_with_parent,
            **extra,
        )


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, *, within: float = 30) -> int:
    """Signal `process` and wait; SIGKILL when it stays. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def wait_for(ready: Callable[[], bool], *, within: float = 30, what: str = "it") -> None:
    """Ask `ready` until it says yes.

    Raises:
        TimeoutError: it did not within `within` seconds.
    """
    deadline = time.monotonic() + within
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {within:g} s")
        time.sleep(0.02)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether somebody listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def clean_environment(**given: str) -> dict[str, str]:
    """This machine's environment without the panel's own variables, and with `given`."""
    ours = (
        "MPANEL_",
        "SMTP_",
        "MAIL_",
        "REDIS_",
        "DATABASE_",
        "APP_",
        "SECRET_",
        "JWT_",
        "METRICS_",
        "TRUSTED_",
        "WEBHOOK_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    for name in ("HOST", "PORT", "API_KEY_RATE_LIMIT", "FLASK_DEBUG"):
        kept.pop(name, None)
    return {**kept, **given}
