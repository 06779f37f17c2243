"""G12: what a hundred times the rows cost."""

from tests.bench.goal import BOTH, Bench, Goal, cookies, must_show
from tests.bench.pages import ID, LISTS

TIMES = 100
DASHBOARD = "/admin"


def goals() -> list[Goal]:
    """Times of one page after the other, in ms."""
    say = f"ms, beside a house with 1/{TIMES} of the rows"
    return [
        Goal("G12 lists", f"of staff: {say}", "ms", 1.3, False, lists, stores=BOTH),
        Goal("G12 details", f"customer, invoice: {say}", "ms", 1.3, False, details, stores=BOTH),
        Goal("G12 dashboard", say, "ms", 1.5, False, lambda bench: _both(bench, _dashboard), stores=BOTH),
    ]


def lists(bench: Bench) -> tuple[float, float]:
    """The lists of staff, one after the other."""
    return _both(bench, lambda one: _mean(one, [path for who, _name, path in LISTS if who == "staff"]))


def details(bench: Bench) -> tuple[float, float]:
    """The first customer and the first invoice of the lists."""
    return _both(bench, lambda one: _mean(one, [_first(one, path) for path in ("/admin/customers", "/admin/billing")]))


def _dashboard(bench: Bench) -> float:
    return _mean(bench, [DASHBOARD])


def _both(bench: Bench, measure) -> tuple[float, float]:
    return measure(bench), measure(bench.smaller(max(10, bench.customers // TIMES)))


def _mean(bench: Bench, paths: list[str]) -> float:
    return sum(1000 / bench.as_somebody("staff", path, connections=1).rate for path in paths) / len(paths)


def _first(bench: Bench, path: str) -> str:
    headers = {"Cookie": cookies(bench.people, "staff")[0]}
    return must_show(bench.panel.url, path, rf"{path}/{ID}", least=1, headers=headers)[0]
