"""Drives a server over loopback: by wrk, and by hand as one browser."""

import http.client
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

CONNECTIONS = 8
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_SCRIPT = """
local body, method, cookies, strangers, status = %s, %s, { %s }, %d, %d
local asked, from = {}, 0
bad = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init()
  for n = 1, math.max(#cookies, strangers, 1) do
    if #cookies > 0 then wrk.headers["Cookie"] = cookies[(n - 1) %% #cookies + 1] end
    if strangers > 0 then
      wrk.headers["X-Forwarded-For"] = string.format("10.%%d.%%d.%%d", n / 65536 %% 256, n / 256 %% 256, n %% 256)
    end
    asked[n] = wrk.format(method, nil, nil, body)
  end
end
function request() from = from %% #asked + 1; return asked[from] end
function response(answer) if answer ~= status then bad = bad + 1 end end
function done() local sum = 0; for _, t in ipairs(threads) do sum = sum + t:get("bad") end; print("BAD: " .. sum) end
"""
STRANGERS = 20_000
"""From how many addresses a public page is asked, so that its limits are not what is measured."""


class Unsound(RuntimeError):
    """A measurement that cannot count: answers were refused, redirected or lost."""


@dataclass(frozen=True)
class Load:
    """What wrk found: requests a second, the median and the 99th percentile in ms."""

    rate: float
    p50: float
    p99: float


def wrk(
    url: str,
    *,
    seconds: int,
    connections: int = CONNECTIONS,
    headers: dict[str, str] | None = None,
    cookies: Sequence[str] = (),
    strangers: int = 0,
    body: str | None = None,
    status: int = 200,
) -> Load:
    """Ask `url` for some seconds: with one of `cookies` after the other, or as so many `strangers`.

    Raises:
        Unsound: an answer was not `status`, or a connection failed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        method = "GET" if body is None else "POST"
        said = (json.dumps(body) if body else "nil", json.dumps(method), ", ".join(map(json.dumps, cookies)))
        script.write(_SCRIPT % (*said, strangers, status))
        script.flush()
        command = [wrk_program(), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
        command += [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
        printed = subprocess.run([*command, "-s", script.name, url], capture_output=True, text=True, check=True).stdout
    bad = re.search(r"BAD: (\d+)", printed)
    if "Socket errors" in printed or bad is None or int(bad[1]):
        raise Unsound(f"{url}: not all answers were {status}:\n{printed}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if rate is None:
        raise Unsound(printed)
    return Load(float(rate[1]), _share(printed, 50), _share(printed, 99))


def _share(printed: str, percent: int) -> float:
    """Within how many ms so many percent were answered."""
    found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s|m)", printed)
    if found is None:
        raise Unsound(printed)
    return float(found[1]) * _UNITS[found[2]]


def wrk_program() -> str:
    """The load driver.

    Raises:
        SystemExit: it is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        sys.exit("make bench needs wrk: apt-get install wrk")
    return found


def spelled(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers whose names were given with underscores."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def read(base: str, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Ask once: status and text."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def matches(pattern: str, text: str) -> list[str]:
    """What matches."""
    return re.findall(pattern, text)


class Browser:
    """One person with a kept-alive connection."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies: dict[str, str] = {}
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """One request; cookies are kept."""
        headers = {"X-Forwarded-For": f"10.200.{random.randrange(256)}.{random.randrange(256)}"}
        if self.cookies:
            headers["Cookie"] = self.cookie
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, text

    @property
    def cookie(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def token(self, path: str) -> str:
        """The form token of the page at `path`."""
        _status, text = self.ask("GET", path)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        if found is None:
            raise Unsound(f"{path} has no form token")
        return found[1]

    def sign_in(self, email: str, password: str, *, door: str = "/sign-in") -> None:
        """Sign in as a person would.

        Raises:
            Unsound: it was refused.
        """
        status, text = self.ask("POST", door, {"csrf_token": self.token(door), "email": email, "password": password})
        if status != 303:
            raise Unsound(f"signing in answered {status}: {text[:300]}")


def median_of_posts(base: str, email: str, password: str, *, count: int) -> float:
    """The median time of `count` sign-ins one after another, in ms, each by a fresh visit."""
    taken = []
    for _ in range(count):
        visitor = Browser(base)
        form = {"csrf_token": visitor.token("/sign-in"), "email": email, "password": password}
        began = time.perf_counter()
        status, text = visitor.ask("POST", "/sign-in", form)
        taken.append((time.perf_counter() - began) * 1000)
        if status != 303:
            raise Unsound(f"signing in answered {status}: {text[:300]}")
    return statistics.median(taken)


def time_to_first_answer(command: list[str], url: str, environment: dict[str, str], log: Path) -> float:
    """Seconds from the start of a process to its first 200, then it is stopped."""
    from tests.support import processes

    target = urlsplit(url)
    began = time.perf_counter()
    process = processes.spawn(command, log=log, env=environment)

    def answers() -> bool:
        connection = http.client.HTTPConnection(target.netloc, timeout=5)
        try:
            connection.request("GET", target.path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    try:
        processes.wait_for(answers, within=60, what=url)
        return time.perf_counter() - began
    finally:
        processes.stop(process)
