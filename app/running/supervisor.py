"""`mpanel run`: web processes and a worker, kept alive, replaced without a request lost, ended cleanly.

The supervisor binds the address once and hands the socket down, so that old and
new web processes share it. It does no work itself.
"""

import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from app.config import Settings
from app.kernel import logs

KILL_SECONDS = 28.0
"""A child drains within 25 seconds; one that does not is killed."""
START_SECONDS = 60.0
CALM_SECONDS = 10.0
"""A child that lived so long may die without its successor being held back."""
LONGEST_PAUSE = 5.0

_log = logs.get("supervisor")


@dataclass(eq=False)
class Child:
    """One process."""

    kind: str
    process: "subprocess.Popen[bytes]"
    ready_pipe: int
    identity: str
    is_ready: bool = False
    started: float = field(default_factory=time.monotonic)
    kill_at: float | None = None
    """When it is killed, once it was told to end."""

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to end."""
        return self.kill_at is not None

    def end(self) -> None:
        """Tell it to finish what is in hand and go."""
        if not self.is_leaving and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.kill_at = time.monotonic() + KILL_SECONDS


class Supervisor:
    """Keeps `web` web processes and one worker."""

    def __init__(self, settings: Settings, listener: socket.socket, *, web: int, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._listener = listener
        self._wanted = {"web": web, "worker": 1}
        self._say = say
        self._children: list[Child] = []
        self._to_replace: list[Child] = []
        self._successor: tuple[Child, Child] | None = None
        self._pauses: dict[str, float] = {}
        self._resume_at: dict[str, float] = {}
        self._dead_workers: list[str] = []
        self._is_stopping = self._has_started = False
        self._exit_code = 0
        self._lifeline, self._our_end = os.pipe()
        self._wake, self._waker = os.pipe()

    def run(self) -> int:
        """Keep them until told to stop; the exit code."""
        self._prepare()
        while self._children or not self._is_stopping:
            self._wait()
            self._hear_ready()
            self._bury()
            self._kill_late()
            if not self._is_stopping:
                self._replace()
                self._refill()
        self._listener.close()
        return self._exit_code

    def _prepare(self) -> None:
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGHUP, self._on_reload)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        figures = self._settings.data / "metrics"
        shutil.rmtree(figures, ignore_errors=True)
        figures.mkdir(mode=0o700)
        self._refill()

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True
        for child in self._children:
            child.end()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        webs = [child for child in self._children if child.kind == "web"]
        others = [child for child in self._children if child.kind != "web"]
        self._to_replace = [child for child in (*webs, *others) if not child.is_leaving]

    def _wait(self) -> None:
        pipes = [child.ready_pipe for child in self._children if child.ready_pipe >= 0]
        readable, _, _ = select.select([self._wake, *pipes], [], [], 0.25)
        if self._wake in readable:
            os.read(self._wake, 4096)

    def _hear_ready(self) -> None:
        for child in self._children:
            if child.ready_pipe < 0 or not select.select([child.ready_pipe], [], [], 0)[0]:
                continue
            child.is_ready = os.read(child.ready_pipe, 1) == b"1"
            os.close(child.ready_pipe)
            child.ready_pipe = -1
            if child.is_ready and child.kind == "worker":
                self._dead_workers.clear()  # it has taken over from them
        if not self._has_started and self._count("web", ready=True) == self._wanted["web"]:
            self._has_started = True
            at = self._settings.app_url
            self._say(f"mPanel is ready: {at} (staff: {at}/admin/sign-in; a lost owner: mpanel owner reset)")

    def _bury(self) -> None:
        for child in [child for child in self._children if child.process.poll() is not None]:
            self._children.remove(child)
            if child.ready_pipe >= 0:
                os.close(child.ready_pipe)
            if child in self._to_replace:
                self._to_replace.remove(child)
            if self._successor and child in self._successor:
                self._successor = None
            if child.kind == "worker" and child.process.returncode != 0:
                self._dead_workers.append(child.identity)
            if not child.is_leaving:
                self._mourn(child)

    def _mourn(self, child: Child) -> None:
        code = child.process.returncode
        _log.error("process died", kind=child.kind, pid=child.process.pid, code=code)
        if not self._has_started and not child.is_ready:
            self._exit_code = code if code > 0 else 1
            self._is_stopping = True
            for other in self._children:
                other.end()
            return
        calm = time.monotonic() - child.started > CALM_SECONDS
        pause = 0.0 if calm else min(LONGEST_PAUSE, max(0.1, 2 * self._pauses.get(child.kind, 0.0)))
        self._pauses[child.kind] = pause
        self._resume_at[child.kind] = time.monotonic() + pause

    def _kill_late(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.kill_at is not None and now > child.kill_at:
                _log.error("process killed: it did not end", kind=child.kind, pid=child.process.pid)
                child.process.kill()

    def _replace(self) -> None:
        """One by one: start the new, wait until it is ready, let the old one finish and go."""
        if self._successor is not None:
            old, new = self._successor
            if new.is_ready or new.kind == "worker":
                old.end()
            elif time.monotonic() > new.started + START_SECONDS:
                _log.error("replacement is not ready; the old process stays", pid=old.process.pid)
                self._to_replace, self._successor = [], None
                new.end()
            return
        if self._to_replace:
            old = self._to_replace.pop(0)
            if old.kind == "worker":
                old.end()  # its successor is started when it has gone
            else:
                self._successor = (old, self._start(old.kind))

    def _refill(self) -> None:
        for kind, wanted in self._wanted.items():
            extra = 1 if self._successor and self._successor[1].kind == kind else 0
            while self._count(kind) < wanted + extra and time.monotonic() >= self._resume_at.get(kind, 0.0):
                self._start(kind)

    def _count(self, kind: str, *, ready: bool = False) -> int:
        return sum(child.kind == kind and (child.is_ready or not ready) for child in self._children)

    def _start(self, kind: str) -> Child:
        ready, theirs = os.pipe()
        handed = [theirs, self._lifeline]
        identity = secrets.token_hex(8)
        command = [sys.executable, "-m", "app.cli", kind, "--identity", identity]
        command += ["--ready-fd", str(theirs), "--lifeline-fd", str(self._lifeline)]
        if kind == "web":
            handed.append(self._listener.fileno())
            command += ["--listen-fd", str(self._listener.fileno())]
        else:
            command += [part for dead in self._dead_workers for part in ("--after", dead)]
        # A session of its own: Ctrl-C reaches the supervisor alone, which then tells its children.
        process = subprocess.Popen(
            command,
            pass_fds=handed,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._settings.data / "metrics")},
        )
        os.close(theirs)
        child = Child(kind, process, ready, identity)
        self._children.append(child)
        return child
