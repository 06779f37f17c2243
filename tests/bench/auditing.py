"""R-37: a million rows of the audit log as a file, beside the least that does the same."""

import subprocess
import sys

from tests.bench import taking_out
from tests.bench.goal import BOTH, Bench, Goal, said
from tests.support.panel import ROOT

ROWS = 1_000_000


def goals() -> list[Goal]:
    """What taking the log out costs. Last of all, since it makes the log long."""
    what = f"audit log, {ROWS:,} rows as CSV, decrypted, beside a bare cursor to CSV"
    return [Goal("R-37 export", what, "/s", 0.5, True, taken_out, stores=BOTH)]


def taken_out(bench: Bench) -> tuple[float, float]:
    """Rows a second of the processor's time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.taking_out", str(ROWS)],
        env=bench.panel.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    ours, bare = said(done.stdout + done.stderr, taking_out.MARK)
    return ours, bare
