"""R-33: replacing the web processes under load loses no request; a process that dies comes back."""

import signal
import time

import psutil
import pytest

from tests.conftest import PanelMaker
from tests.faults.conftest import make_keys, web_processes
from tests.faults.drills import reload_under_load
from tests.support import processes
from tests.support.panel import Panel

pytestmark = pytest.mark.slow


def test_reloads_under_load_lose_no_request(make_panel: PanelMaker) -> None:
    panel = make_panel()

    reload_under_load(panel, make_keys(panel, 2), reloads=2, pause=0.1)


@pytest.fixture
def running(panel: Panel) -> Panel:
    """With one web process and a worker; what a test leaves running is the next one's too."""
    return panel if panel.process is not None else panel.start()


def test_a_killed_web_process_comes_back(running: Panel) -> None:
    web_processes(running)[0].kill()

    processes.wait_for(lambda: _answers(running), within=30, what="a new web process")


def test_ctrl_c_finishes_what_is_in_hand_and_frees_the_port(running: Panel) -> None:
    started = time.monotonic()
    assert running.stop(signal.SIGINT) == 0
    assert time.monotonic() - started < 20  # not the 25 seconds after which it would be cut off

    lines = [line["event"] for line in running.lines()]
    assert lines.count("ended") == 2
    running.start()


def test_a_supervisor_that_is_killed_leaves_nobody_behind(running: Panel) -> None:
    assert running.process is not None
    children = psutil.Process(running.process.pid).children()
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    running.process = None

    _gone, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def _answers(panel: Panel) -> bool:
    try:
        return panel.get("/healthz").status == 200
    except OSError:
        return False
