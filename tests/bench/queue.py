"""G8 and G9: mails, the outbox, Huey, each beside the least that does the same."""

import subprocess
import sys

from tests.bench import work
from tests.bench.goal import BOTH, Bench, Goal, said
from tests.support import processes
from tests.support.panel import ROOT


def goals() -> list[Goal]:
    """What workers do."""
    raw = "claimed by ten, finished, beside raw SQL"
    return [
        Goal("G8 mails", "drawn and sent, beside a bare loop", "/s", 0.7, True, mails),
        Goal("G9 outbox", raw, "/s", 0.5, True, lambda bench: _worked(bench, "outbox"), stores=BOTH),
        Goal("G9 Huey", "tasks, beside bare Huey", "/s", 0.8, True, lambda bench: _worked(bench, "huey")),
    ]


def mails(bench: Bench) -> tuple[float, float]:
    """To a server that takes everything."""
    port = processes.free_port()
    log = bench.panel.folder / "sink.log"
    sink = processes.spawn([sys.executable, "-m", "tests.bench.sink", str(port)], log=log, cwd=ROOT)
    try:
        processes.wait_for(lambda: processes.is_open(port), what="the sink")
        return _worked(bench, "mails", SMTP_URL=f"smtp://127.0.0.1:{port}")
    finally:
        processes.stop(sink)


def _worked(bench: Bench, what: str, **environment: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.work", what],
        env=bench.panel.environment | environment,
        cwd=bench.panel.folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    ours, bare = said(done.stdout + done.stderr, work.MARK)
    return ours, bare
