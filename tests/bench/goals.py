"""The goals that are measured here: G3, G4, G6 and G13 of the speed sheet."""

import statistics
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.bench import driver
from tests.bench.driver import Browser
from tests.support import processes
from tests.support.panel import ROOT, Panel, mpanel

HASHES = 40
SIGN_INS = 25
MEGABYTE = 2**20


@dataclass
class Bench:
    """What is measured: a panel with its data and one login, and the reference beside it."""

    panel: Panel
    reference: str
    email: str
    password: str
    seconds: int
    fragment: str = "/client/billing"
    cookie: str = ""

    def sign_in(self) -> None:
        """Get the login whose pages are measured."""
        browser = Browser(self.panel.url)
        browser.sign_in(self.email, self.password)
        self.cookie = browser.cookie

    def page(self, *, connections: int = driver.CONNECTIONS, seconds: int | None = None, **headers: str) -> driver.Load:
        """A page of the signed-in customer."""
        return driver.wrk(
            self.panel.url + self.fragment,
            seconds=seconds or self.seconds,
            connections=connections,
            headers={"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )


@dataclass
class Goal:
    """One line of the sheet. `measure` gives (panel, reference) for one round; the medians are compared."""

    name: str
    what: str
    unit: str
    limit: float
    at_least: bool
    measure: Callable[[Bench], tuple[float, float]]
    rounds: list[tuple[float, float]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Measured over reference, of the medians."""
        return self.measured / self.reference

    @property
    def measured(self) -> float:
        """The panel's median."""
        return statistics.median(panel for panel, _ in self.rounds)

    @property
    def reference(self) -> float:
        """The reference's median."""
        return statistics.median(reference for _, reference in self.rounds)

    @property
    def is_held(self) -> bool:
        """Whether the goal is met."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def fragment(bench: Bench) -> tuple[float, float]:
    """G3: one block of a page, with one row and one badge, beside "hello"."""
    reference = driver.wrk(f"{bench.reference}/hello", seconds=bench.seconds)
    panel = bench.page(HX_Request="true", HX_Target="rows")
    return panel.rate, reference.rate


def sign_in_page(bench: Bench) -> tuple[float, float]:
    """G4: the sign-in page beside a bare Flask page with a form and its token."""
    reference = driver.wrk(f"{bench.reference}/form", seconds=bench.seconds)
    panel = driver.wrk(f"{bench.panel.url}/sign-in", seconds=bench.seconds)
    return panel.rate, reference.rate


def sign_in(bench: Bench) -> tuple[float, float]:
    """G6: one sign-in after another beside the bare argon2id check."""
    command = [sys.executable, "-m", "tests.bench.hashing", str(HASHES)]
    bare = float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    return driver.median_of_posts(bench.panel.url, bench.email, bench.password, count=SIGN_INS), bare


def others_while_signing_in(bench: Bench) -> tuple[float, float]:
    """G6: the p99 of a page while sign-ins saturate the panel, beside the same page when it is quiet."""
    quiet = bench.page(connections=2)
    visitor = Browser(bench.panel.url)
    form = {"csrf_token": visitor.token("/sign-in"), "email": bench.email, "password": bench.password}
    headers = {"Cookie": visitor.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    loads: list[driver.Load] = []

    def saturate() -> None:
        body = driver.urlencode(form)
        loads.append(
            driver.wrk(
                f"{bench.panel.url}/sign-in",
                seconds=bench.seconds + 2,
                connections=driver.CONNECTIONS,
                headers=headers,
                body=body,
                status=303,
            )
        )

    thread = threading.Thread(target=saturate)
    thread.start()
    thread.join(1.0)
    busy = bench.page(connections=2)
    thread.join()
    if not loads:
        raise driver.Unsound("the sign-ins did not all succeed")
    return busy.p99, quiet.p99


def memory(bench: Bench) -> tuple[float, float]:
    """G13: what the web process holds after all that, in MiB, of 130."""
    assert bench.panel.process is not None
    return psutil.Process(bench.panel.process.pid).memory_info().rss / MEGABYTE, 130.0


def start(bench: Bench) -> tuple[float, float]:
    """G13: from the start of the process to its first answer, beside the reference's."""
    port = processes.free_port()
    log = Path(bench.panel.folder) / "start.log"
    environment = bench.panel.environment | {"PORT": str(port), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.bench.references", str(port)]
    reference = driver.time_to_first_answer(command, f"http://127.0.0.1:{port}/hello", environment, log)
    panel = driver.time_to_first_answer([*mpanel(), "web"], f"http://127.0.0.1:{port}/readyz", environment, log)
    return panel, reference


def goals() -> list[Goal]:
    """All of them, in the order in which a round measures them."""
    return [
        Goal("G13 start", "ready to answer, beside the reference's start", "s", 4.0, False, start),
        Goal("G3 fragment", "one row and its badge, beside Flask's hello", "/s", 0.5, True, fragment),
        Goal("G4 sign-in page", "beside a bare form page with CSRF token", "/s", 0.6, True, sign_in_page),
        Goal("G6 signing in", "POST, beside the bare argon2id check", "ms", 1.5, False, sign_in),
        Goal(
            "G6 the others",
            "p99 of a page with sign-ins saturated, beside quiet",
            "ms",
            3.0,
            False,
            others_while_signing_in,
        ),
        Goal("G13 memory", "a web process after all this, of 130 MiB", "MiB", 1.0, False, memory),
    ]
