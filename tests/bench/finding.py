"""G11: the help centre's search beside the store's own, and what ten times the articles cost."""

import subprocess
import sys

from tests.bench import articles, driver
from tests.bench.goal import BOTH, Bench, Goal, said

FEW, MANY = 10_000, 100_000
PATH = f"/help/search?q={articles.COMMON}"


def goals() -> list[Goal]:
    """In this order: the second adds to the articles of the first."""
    return [
        Goal("G11 search", "a frequent word, beside the raw ranked query and one R2 page", "ms", 2.0, False, beside_raw,
             stores=BOTH),
        Goal("G11 growth", f"{MANY:,} articles beside {FEW:,}", "ms", 10.0, False, growth, stores=BOTH),
        Goal("G11 p99", f"of {MANY:,} articles, beside 250 ms", "ms", 1.0, False, slowest, stores=BOTH),
    ]  # fmt: skip


def beside_raw(bench: Bench) -> tuple[float, float]:
    """One visitor after the other."""
    raw = _fill(bench, FEW)
    return _search(bench), raw + 1000 / driver.wrk(bench.reference + "/core", seconds=bench.seconds, connections=1).rate


def growth(bench: Bench) -> tuple[float, float]:
    """Another house of the same size gets the many, so that the first keeps the few."""
    few = _search(bench)
    return _search(_large(bench)), few


def slowest(bench: Bench) -> tuple[float, float]:
    """With as many at once as the sheet says."""
    large = _large(bench)
    return driver.wrk(large.panel.url + PATH, seconds=large.seconds, strangers=driver.STRANGERS).p99, 250.0


def _large(bench: Bench) -> Bench:
    other = bench.smaller(max(10, bench.customers // 10))
    _fill(other, MANY)
    return other


def _search(bench: Bench) -> float:
    status, text = driver.read(bench.panel.url, PATH, {})
    if status != 200 or text.count("<mark>") < 20:
        raise driver.Unsound(f"the search answered {status} and found too little")
    return (
        1000 / driver.wrk(bench.panel.url + PATH, seconds=bench.seconds, connections=1, strangers=driver.STRANGERS).rate
    )


def _fill(bench: Bench, count: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.articles", str(count)],
        env=bench.panel.environment,
        cwd=bench.panel.folder,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    found: float = said(done.stdout + done.stderr, articles.MARK)
    return found
