"""What a check found, as lines for people and as JSON."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from app.kernel.routemap import Route


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one route."""

    route: str
    where: str
    kind: str
    """`leak`, `oracle` (somebody else's id is told from one that is not there), `effect`, `admitted`, `broken`,
    `shared` (between two houses), `not exercised`."""
    told: str
    who: str
    call: str

    def __str__(self) -> str:
        return f"{self.where}  {self.route}\n    {self.kind}: {self.told}\n    {self.who}: {self.call}"


@dataclass
class Report:
    """The whole of it."""

    routes: int
    roles: int
    calls: int = 0
    seconds: float = 0.0
    store: str = ""
    is_whole: bool = True
    fingerprint: str = ""
    findings: list[Finding] = field(default_factory=list)

    def add(self, route: Route, kind: str, told: str, who: str, call: str) -> None:
        """Note a finding; one of a kind and route is enough for each asker and text."""
        found = Finding(route.name, route.where, kind, told, who, call)
        known = {(one.route, one.kind, one.told) for one in self.findings}
        if (found.route, found.kind, found.told) not in known:
            self.findings.append(found)

    @property
    def summary(self) -> str:
        """`120 routes x 16 roles, 0 leaks`."""
        count = len(self.findings)
        return f"{self.routes} routes x {self.roles} roles, {count} {'leak' if count == 1 else 'leaks'}"

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {**asdict(self), "summary": self.summary}

    def write(self) -> str:
        """The same as a text."""
        return json.dumps(self.as_json(), indent=2)
