"""G1, G3, G4, G5, G7: pages, fragments and JSON beside the smallest application that does the same."""

from tests.bench import driver
from tests.bench.goal import BOTH, Bench, Goal, cookies, must_show

ID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
ROWS = 50
NOTED = "X_Bench_Audit"
"""The header that asks `serve` for an audit row."""
LISTS = (
    ("staff", "customers", "/admin/customers"),
    ("staff", "invoices", "/admin/billing"),
    ("staff", "orders", "/admin/orders"),
    ("client", "invoices", "/client/billing"),
    ("client", "services", "/client/services"),
)
R1 = {"sqlite": 0.60, "postgresql": 0.45}


def goals() -> list[Goal]:
    """In the order in which a round measures them."""
    lists = [
        Goal(f"G1 {who} {name}", "50 rows, signed in, beside R1", "/s", R1, True, a_list(who, path), stores=BOTH)
        for who, name, path in LISTS
    ]
    return [
        *lists,
        Goal("G3 fragment", "one row and its badge, beside R0", "/s", 0.5, True, fragment),
        Goal("G4 sign-in page", "beside a bare form page with CSRF token", "/s", 0.6, True, sign_in_page),
        Goal("G7 audited page", "a list that writes its audit row, beside the same without", "/s", 0.85, True, audited),
        Goal("G7 audited p99", "the same pages' 99th percentile", "ms", 2.0, False, audited_p99),
        Goal("G5 JSON list", "50 with key, limit and log, beside R3", "/s", 0.6, True, json_list, stores=BOTH),
    ]


def a_list(who: str, path: str):
    """How a list of 50 is measured. One that shows fewer counts for that much less."""

    def measure(bench: Bench) -> tuple[float, float]:
        headers = {"Cookie": cookies(bench.people, who)[0]}
        rows = must_show(bench.panel.url, path, rf"{path}/{ID}", least=ROWS // 2, headers=headers)
        return bench.as_somebody(who, path).rate * min(len(rows), ROWS) / ROWS, bench.beside("/page").rate

    return measure


def fragment(bench: Bench) -> tuple[float, float]:
    """One block of a page, with one row and one badge."""
    path = f"/client/billing?q={bench.people['number']}"
    return bench.client(path, HX_Request="true", HX_Target="rows").rate, bench.beside("/hello").rate


def sign_in_page(bench: Bench) -> tuple[float, float]:
    """As somebody who comes for the first time."""
    panel = driver.wrk(f"{bench.panel.url}/sign-in", seconds=bench.seconds, strangers=driver.STRANGERS)
    return panel.rate, bench.beside("/form").rate


def audited(bench: Bench) -> tuple[float, float]:
    """A list whose request writes an audit row after its answer (`serve`), beside the same list."""
    return bench.staff("/admin/customers", **{NOTED: "1"}).rate, bench.staff("/admin/customers").rate


def audited_p99(bench: Bench) -> tuple[float, float]:
    """What the slowest hundredth takes."""
    return bench.staff("/admin/customers", **{NOTED: "1"}).p99, bench.staff("/admin/customers").p99


def json_list(bench: Bench) -> tuple[float, float]:
    """A customer's services, as the marketing site asks for them."""
    path = f"/api/marketing-api/customers/{bench.people['customer_id']}/services?limit={ROWS}"
    headers = {"X-API-Key": bench.people["key"]}
    must_show(bench.panel.url, path, rf'"id": ?"{ID}"', least=ROWS, headers=headers)
    panel = driver.wrk(bench.panel.url + path, seconds=bench.seconds, headers=headers)
    return panel.rate, bench.beside("/json_core").rate
