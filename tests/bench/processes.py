"""G13 and G14: memory, start, and what a second process brings."""

import sys
from pathlib import Path

import psutil

from tests.bench import driver
from tests.bench.goal import Bench, Goal
from tests.support import processes
from tests.support.panel import ROOT, Panel, mpanel

MEGABYTE = 2**20
MOST = 130.0


def goals() -> list[Goal]:
    """Memory is looked at last, after everything else was asked."""
    return [
        Goal("G13 start", "ready to answer, beside the reference's start", "s", 4.0, False, start),
        Goal("G14 two processes", "requests a second of two web processes, beside one", "/s", 1.7, True, two),
        Goal("G13 memory", "a web process after all this, of 130 MiB", "MiB", 1.0, False, memory),
    ]


def memory(bench: Bench) -> tuple[float, float]:
    """What the web process holds after all that, in MiB, without the pages of the database's file mapped into it."""
    assert bench.panel.process is not None
    process = psutil.Process(bench.panel.process.pid)
    mapped = sum(part.rss for part in process.memory_maps() if part.path.endswith((".db", ".db-shm")))
    return (process.memory_info().rss - mapped) / MEGABYTE, MOST


def start(bench: Bench) -> tuple[float, float]:
    """From the start of the process to its first answer."""
    port = processes.free_port()
    log = Path(bench.panel.folder) / "start.log"
    environment = bench.panel.environment | {"PORT": str(port), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.bench.references", str(port)]
    reference = driver.time_to_first_answer(command, f"http://127.0.0.1:{port}/hello", environment, log)
    panel = driver.time_to_first_answer([*mpanel(), "web"], f"http://127.0.0.1:{port}/readyz", environment, log)
    return panel, reference


def two(bench: Bench) -> tuple[float, float]:
    """The same house under the supervisor, with two web processes and with one."""
    return _supervised(bench, 2), _supervised(bench, 1)


def _supervised(bench: Bench, web: int) -> float:
    panel = Panel(bench.panel.database_url, data=bench.panel.data)
    try:
        panel.start(arguments=("--web", str(web), "--no-migrate"))
        for _ in range(2):  # the first warms every process up
            load = bench.as_somebody("staff", "/admin/customers", base=panel.url)
        return load.rate
    finally:
        panel.remove()
