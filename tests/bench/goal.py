"""A line of the speed sheet, and what it is measured on."""

import json
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench import driver
from tests.support.panel import Panel

BOTH = ("sqlite", "postgresql")


@dataclass
class Bench:
    """What is measured: a panel with its data, somebody of each kind signed in, and the references beside it."""

    store: str
    customers: int
    panel: Panel
    reference: str
    """Where R0 to R3 are served."""
    people: Mapping[str, Any]
    """What `people` printed."""
    seconds: int
    make: "Callable[[int], Bench]"
    """Another one with so many customers, serving."""
    others: dict[int, "Bench"] = field(default_factory=dict)

    def smaller(self, customers: int) -> "Bench":
        """One with fewer customers, made once."""
        if customers not in self.others:
            self.others[customers] = self.make(customers)
        return self.others[customers]

    def client(self, path: str, **headers: str) -> driver.Load:
        """A page as the customer's people, one login for each connection."""
        return self.as_somebody("client", path, **headers)

    def staff(self, path: str, **headers: str) -> driver.Load:
        """A page as staff, one login for each connection."""
        return self.as_somebody("staff", path, **headers)

    def as_somebody(
        self,
        who: str,
        path: str,
        *,
        base: str = "",
        connections: int = driver.CONNECTIONS,
        **headers: str,
    ) -> driver.Load:
        """A page as `client` or `staff`. Header names are given with underscores."""
        return driver.wrk(
            (base or self.panel.url) + path,
            seconds=self.seconds,
            connections=connections,
            headers=driver.spelled(headers),
            cookies=cookies(self.people, who),
        )

    def beside(self, path: str) -> driver.Load:
        """A page of the references."""
        return driver.wrk(self.reference + path, seconds=self.seconds)


def cookies(people: Mapping[str, Any], who: str) -> list[str]:
    """The Cookie headers of somebody's logins."""
    return [f"mpanel={token}" for token in people[who]]


def must_show(base: str, path: str, pattern: str, *, least: int, headers: Mapping[str, str]) -> list[str]:
    """The different texts on the page that match `pattern`.

    Raises:
        Unsound: fewer than `least`, or the page is not there.
    """
    status, text = driver.read(base, path, headers)
    found = list(dict.fromkeys(driver.matches(pattern, text)))
    if status != 200 or len(found) < least:
        raise driver.Unsound(f"{path} answered {status} and shows {len(found)} rows, not {least}")
    return found


@dataclass
class Goal:
    """One line of the sheet. `measure` gives (panel, reference) for one round; the medians are compared."""

    name: str
    what: str
    unit: str
    limit: float | Mapping[str, float]
    """One for both stores, or one for each."""
    at_least: bool
    measure: Callable[[Bench], tuple[float, float]]
    stores: Sequence[str] = ("sqlite",)
    store: str = "sqlite"
    rounds: list[tuple[float, float]] = field(default_factory=list)
    trouble: str = ""
    """Why it could not be measured."""

    def on(self, store: str) -> "Goal":
        """The same goal, not yet measured, on one store."""
        return Goal(self.name, self.what, self.unit, self.limit, self.at_least, self.measure, self.stores, store)

    def run(self, bench: Bench) -> None:
        """Measure one round; what is unsound once is not asked again."""
        if self.trouble:
            return
        try:
            self.rounds.append(self.measure(bench))
        except (driver.Unsound, OSError, RuntimeError, subprocess.SubprocessError) as problem:
            lines = str(problem).strip().splitlines() or [type(problem).__name__]
            self.trouble = " ... ".join(dict.fromkeys((lines[0], lines[-1])))[:300]

    @property
    def bound(self) -> float:
        """The limit on this store."""
        return self.limit[self.store] if isinstance(self.limit, Mapping) else self.limit

    @property
    def ratio(self) -> float:
        """Measured over reference, of the medians."""
        return self.measured / self.reference

    @property
    def measured(self) -> float:
        """The panel's median."""
        return statistics.median(panel for panel, _ in self.rounds)

    @property
    def reference(self) -> float:
        """The reference's median."""
        return statistics.median(reference for _, reference in self.rounds)

    @property
    def is_held(self) -> bool:
        """Whether the goal is met."""
        if self.trouble or not self.rounds:
            return False
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound

    def line(self) -> str:
        """Its row of the table."""
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        if self.trouble or not self.rounds:
            return f"| {self.name} | {self.what} | {self.store} | - | - | - | {bound} | NOT MEASURED: {self.trouble} |"
        return (
            f"| {self.name} | {self.what} | {self.store} | {self.measured:.2f} {self.unit} "
            f"| {self.reference:.2f} {self.unit} | {self.ratio:.2f} | {bound} | {'held' if self.is_held else 'MISSED'} |"
        )


def said(printed: str, mark: str) -> Any:
    """The JSON after `mark` in what a helper printed.

    Raises:
        Unsound: it did not print any.
    """
    for line in printed.splitlines():
        if line.startswith(mark):
            return json.loads(line.removeprefix(mark))
    raise driver.Unsound(f"nothing was said: {printed[-2000:]}")
