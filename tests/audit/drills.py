"""R-37: the log taken out of a running panel, by readers of every kind."""

import http.client
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

from tests.audit.believable import MARK
from tests.support.panel import ROOT, Panel

GROWTH = 30
"""Megabytes that a web process may grow by."""
SOME = 2_000
"""Bytes that reach beyond the head of a file: into its rows."""
_MEGABYTE = 2**20


def fill(panel: Panel, count: int) -> dict[str, str]:
    """Rows in the log, written in bulk; a login of the owner."""
    command = [sys.executable, "-m", "tests.audit.believable", str(count)]
    done = subprocess.run(
        command, cwd=ROOT, env=panel.environment, check=False, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    login: dict[str, str] = json.loads(done.stdout.split(MARK)[1])
    return login


@dataclass
class Taken:
    """What came of one export."""

    first_rows: float
    """Seconds until the first of them came."""
    seconds: float
    body: bytes
    grown: float
    """Megabytes, at the most."""


class Reader:
    """A member of staff with a program that reads as it likes."""

    def __init__(self, panel: Panel, login: dict[str, str]) -> None:
        self.panel, self.login, self.web = panel, login, web_of(panel)

    def ask(self, kind: str, query: str = "") -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Begin an export; the answer is not read yet."""
        line = http.client.HTTPConnection(urlsplit(self.panel.url).netloc, timeout=60)
        headers = {"Cookie": self.login["cookie"], "X-CSRF-Token": self.login["csrf"]}
        line.request("POST", f"/api/admin/audit/export?as={kind}{query}", headers=headers)
        return line, line.getresponse()

    def take(self, kind: str, query: str = "", *, pause: float = 0.0, piece: int = _MEGABYTE) -> Taken:
        """Read it all, `pause` seconds between two pieces."""
        before, most = memory(self.web), 0.0
        begun = time.monotonic()
        line, answer = self.ask(kind, query)
        assert answer.status == 200, answer.read(2000)
        parts = [answer.read(SOME)]
        first = time.monotonic() - begun
        while part := answer.read(piece):
            parts.append(part)
            if len(parts) % 16 == 0:
                most = max(most, memory(self.web))
            if pause:
                time.sleep(pause)
        line.close()
        return Taken(first, time.monotonic() - begun, b"".join(parts), max(0.0, most - before))


def web_of(panel: Panel) -> psutil.Process:
    """The web process of a panel."""
    assert panel.process is not None
    found = [one for one in psutil.Process(panel.process.pid).children(recursive=True) if "web" in one.cmdline()]
    return found[0] if found else psutil.Process(panel.process.pid)


def memory(process: psutil.Process) -> float:
    """Megabytes in use; pages of the database that are only mapped are the system's."""
    mapped = sum(part.rss for part in process.memory_maps() if part.path.endswith((".db", ".db-shm")))
    return (process.memory_info().rss - mapped) / _MEGABYTE


def busy(process: psutil.Process, seconds: float) -> float:
    """Which part of a core it uses in the next so many seconds."""
    begun = process.cpu_times()
    time.sleep(seconds)
    ended = process.cpu_times()
    return float(ended.user + ended.system - begun.user - begun.system) / seconds
