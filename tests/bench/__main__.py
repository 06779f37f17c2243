"""`make bench`: interleaved rounds of the panel and its references; exit code 1 when a goal is missed.

make bench ARGS="--rounds 5 --seconds 4 --only G1,G6 --store postgresql --customers 100000"
"""

import argparse
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

from tests.bench import auditing, browser, driver, finding, growth, pages, people, processes, queue, signing
from tests.bench.data import Data
from tests.bench.goal import BOTH, Bench, Goal, said
from tests.support import processes as started
from tests.support.panel import ROOT, Panel

SERVE = [sys.executable, "-m", "tests.bench.serve"]
"""`mpanel` with roomy limits."""


def main() -> int:
    """Measure, print, judge."""
    given = arguments()
    driver.wrk_program()
    chosen = [goal for goal in goals() if is_wanted(goal, given.only)]
    measured: list[Goal] = []
    for store in BOTH if given.store == "both" else (given.store,):
        mine = [goal.on(store) for goal in chosen if store in goal.stores or given.store == store]
        if mine:
            with ExitStack() as stack:
                bench = prepare(stack, store, customers=given.customers, seconds=given.seconds)
                for number in range(1, given.rounds + 1):
                    run_round(bench, mine, number)
            measured += mine
    report(measured, rounds=given.rounds, customers=given.customers)
    return 0 if all(goal.is_held for goal in measured) else 1


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--customers", type=int, default=1000, help="of the demo data; the sheet says 100000")
    parser.add_argument("--store", choices=(*BOTH, "both"), default="both")
    parser.add_argument("--only", default="", help="goals by number or name, such as G1,'G6 signing in'")
    return parser.parse_args()


def goals() -> list[Goal]:
    """All of them, in the order in which a round measures them."""
    start, two, memory = processes.goals()
    return [
        start, *pages.goals(), *signing.goals(), memory, *queue.goals(), *growth.goals(), *finding.goals(), two, *browser.goals(), *auditing.goals(),
    ]  # fmt: skip


def is_wanted(goal: Goal, only: str) -> bool:
    """Whether `only` names the goal or its beginning."""
    return not only or any(f"{goal.name} ".startswith(f"{name.strip()} ") for name in only.split(","))


def prepare(stack: ExitStack, store: str, *, customers: int, seconds: int) -> Bench:
    """A panel with data, serving, and people signed in; the references beside it."""
    data = stack.enter_context(Data(store))
    port = started.free_port()
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.bench.references", str(port), data.reference()]
    reference = started.spawn(command, log=data.folder / "reference.log", cwd=ROOT)
    stack.callback(started.stop, reference)

    def make(number: int) -> Bench:
        panel = Panel(data.panel(number), TRUSTED_PROXIES="127.0.0.1/32")
        stack.callback(panel.remove)
        known = meet(panel)
        panel.start(command="web", program=SERVE)
        return Bench(store, number, panel, base, known, seconds, make)

    started.wait_for(lambda: answers(base), what="the references")
    bench = make(customers)
    warm_up(bench)
    return bench


def meet(panel: Panel) -> dict[str, object]:
    """The people of `people`, made in the panel's database."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.people"],
        env=panel.environment,
        cwd=panel.folder,
        capture_output=True,
        text=True,
    )
    return said(done.stdout + done.stderr, people.MARK)


def answers(base: str) -> bool:
    """Whether the references are there."""
    try:
        return driver.read(base, "/hello", {})[0] == 200
    except OSError:
        return False


def warm_up(bench: Bench) -> None:
    """Everything is compiled and cached once."""
    wanted, bench.seconds = bench.seconds, 1
    for path in ("/hello", "/page", "/core", "/json_core"):
        bench.beside(path)
    bench.client("/client/billing")
    bench.staff("/admin/customers")
    bench.seconds = wanted


def run_round(bench: Bench, chosen: list[Goal], number: int) -> None:
    """Measure every goal once, panel and reference one right after the other."""
    for goal in chosen:
        goal.run(bench)
        if goal.trouble:
            print(f"  round {number}  {goal.name:20} {goal.trouble}", flush=True)
            continue
        panel, reference = goal.rounds[-1]
        line = f"{panel:9.2f} {goal.unit:4} beside {reference:9.2f}  ratio {panel / reference:.2f}"
        print(f"  round {number}  {bench.store:10} {goal.name:20} {line}", flush=True)


def report(measured: list[Goal], *, rounds: int, customers: int) -> None:
    """The table that the README quotes."""
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, {customers:,} demo customers, medians of {rounds} rounds\n")
    print("| goal | what | store | measured | reference | ratio | goal | |")
    print("| --- | --- | --- | ---: | ---: | ---: | --- | --- |")
    for goal in measured:
        print(goal.line())


if __name__ == "__main__":
    sys.exit(main())
