"""`make bench`: interleaved rounds of the panel and its references; exit code 1 when a goal is missed.

make bench ARGS="--rounds 5 --seconds 4 --only G6 --store postgresql"
"""

import argparse
import re
import sys
from datetime import UTC, datetime

from tests.bench import driver
from tests.bench.goals import Bench, Goal, goals
from tests.support import processes
from tests.support.panel import ROOT, Panel
from tests.support.stores import KINDS, Stores


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--store", choices=KINDS, default=KINDS[0])
    parser.add_argument("--only", default="", help="goals whose name contains this")
    given = parser.parse_args()
    driver.wrk_program()
    chosen = [goal for goal in goals() if given.only in goal.name]
    stores = Stores()
    panel = Panel(stores.fresh(given.store), TRUSTED_PROXIES="127.0.0.1/32")
    port = processes.free_port()
    reference = processes.spawn(
        [sys.executable, "-m", "tests.bench.references", str(port)], log=panel.folder / "reference.log", cwd=ROOT
    )
    try:
        bench = prepare(panel, f"http://127.0.0.1:{port}", customers=given.customers, seconds=given.seconds)
        for number in range(1, given.rounds + 1):
            run_round(bench, chosen, number)
    finally:
        processes.stop(reference)
        panel.remove()
        stores.close()
    report(chosen, store=given.store, rounds=given.rounds, customers=given.customers)
    return 0 if all(goal.is_held for goal in chosen) else 1


def prepare(panel: Panel, reference: str, *, customers: int, seconds: int) -> Bench:
    """A panel with data, serving, and somebody signed in."""
    panel.init()
    said = panel.command("demo", "--customers", str(customers)).stdout
    login = re.search(r"sign in as: (\S+)\s+(\S+)", said)
    if login is None:
        raise driver.Unsound(f"`mpanel demo` named no login: {said}")
    panel.start(command="web")
    bench = Bench(panel, reference, login[1], login[2], seconds)
    bench.sign_in()
    bench.page(seconds=1)  # everything is compiled and cached once
    return bench


def run_round(bench: Bench, chosen: list[Goal], number: int) -> None:
    """Measure every goal once, panel and reference one right after the other."""
    for goal in chosen:
        goal.rounds.append(goal.measure(bench))
        panel, reference = goal.rounds[-1]
        print(f"  round {number}  {goal.name:16} {panel:9.2f} {goal.unit:4} beside {reference:9.2f}", flush=True)


def report(chosen: list[Goal], *, store: str, rounds: int, customers: int) -> None:
    """The table that the README quotes."""
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, {store}, {customers} customers, medians of {rounds} rounds\n")
    print("| goal | what | measured | reference | ratio | goal | |\n| --- | --- | ---: | ---: | ---: | --- | --- |")
    for goal in chosen:
        bound = f"{'at least' if goal.at_least else 'at most'} {goal.limit:g}"
        verdict = "held" if goal.is_held else "MISSED"
        print(
            f"| {goal.name} | {goal.what} | {goal.measured:.2f} {goal.unit} | {goal.reference:.2f} {goal.unit} "
            f"| {goal.ratio:.2f} | {bound} | {verdict} |"
        )


if __name__ == "__main__":
    sys.exit(main())
