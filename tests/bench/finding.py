"""G11: the help centre's search beside the store's own, and what ten times the articles cost."""

import subprocess
import sys
from functools import partial
from urllib.parse import quote

from tests.bench import articles, driver
from tests.bench.goal import BOTH, Bench, Goal, said

FEW, MANY = 10_000, 100_000
HELD = {
    "frequent": "a word that stands in a third of the articles",
    "several": "three of the most frequent words",
    "begun": "the first letters of a frequent word",
    "rare": "a word that stands in few articles",
    "mistyped": "two words, one of them mistyped (the raw query is asked for the right ones)",
    "unknown": "a word that nobody wrote",
}
SLOWEST = ("frequent", "several", "begun", "empty", "mistyped")
"""What is asked for the 99th percentile: with `how to`, which stands nearly everywhere."""
_RAW: dict[str, dict[str, float]] = {}
"""By panel: how long the raw query takes there for each question, measured when it was filled."""


def goals() -> list[Goal]:
    """In this order: the later ones fill another house with the many, so that the first keeps the few."""
    beside = [
        Goal(f"G11 {kind}", f"{what}, beside the raw ranked query and one R2 page", "ms",
             2.0, False, partial(beside_raw, kind=kind), stores=BOTH)
        for kind, what in HELD.items()
    ]  # fmt: skip
    return [
        *beside,
        Goal("G11 growth", f"{MANY:,} articles beside {FEW:,}", "ms", 10.0, False, growth, stores=BOTH),
        Goal("G11 p99", f"of {MANY:,} articles, the slowest question, beside 250 ms", "ms", 1.0, False, slowest,
             stores=BOTH),
    ]  # fmt: skip


def beside_raw(bench: Bench, *, kind: str) -> tuple[float, float]:
    """One visitor after the other."""
    raw = _fill(bench, FEW)[kind]
    return _search(bench, kind), raw + 1000 / driver.wrk(
        bench.reference + "/core", seconds=bench.seconds, connections=1
    ).rate


def growth(bench: Bench) -> tuple[float, float]:
    """The mean of a frequent word, several, and one that is begun."""
    _fill(bench, FEW)
    kinds = SLOWEST[:3]
    large = _large(bench)
    return sum(_search(large, kind) for kind in kinds) / 3, sum(_search(bench, kind) for kind in kinds) / 3


def slowest(bench: Bench) -> tuple[float, float]:
    """With as many at once as the sheet says."""
    large = _large(bench)
    return max(_load(large, kind, connections=driver.CONNECTIONS).p99 for kind in SLOWEST), 250.0


def _large(bench: Bench) -> Bench:
    other = bench.smaller(max(10, bench.customers // 10))
    _fill(other, MANY)
    return other


def _search(bench: Bench, kind: str) -> float:
    status, text = driver.read(bench.panel.url, _path(kind), {"User-Agent": "Mozilla/5.0"})
    if status != 200 or (text.count("<mark>") < 20) != (kind == "unknown"):
        raise driver.Unsound(f"the search for {articles.QUESTIONS[kind]} answered {status} and found too little")
    return 1000 / _load(bench, kind, connections=1).rate


def _load(bench: Bench, kind: str, *, connections: int) -> driver.Load:
    return driver.wrk(
        bench.panel.url + _path(kind), seconds=bench.seconds, connections=connections, strangers=driver.STRANGERS
    )


def _path(kind: str) -> str:
    return f"/help/search?q={quote(articles.QUESTIONS[kind])}"


def _fill(bench: Bench, count: int) -> dict[str, float]:
    if bench.panel.url not in _RAW:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.articles", str(count)],
            env=bench.panel.environment,
            cwd=bench.panel.folder,
            capture_output=True,
            text=True,
            timeout=3600,
        )
        _RAW[bench.panel.url] = said(done.stdout + done.stderr, articles.MARK)
    return _RAW[bench.panel.url]
