"""Print docs/routes.md: every address, who may use it, and the file behind it. `make routes` writes it."""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from app.config import load
from app.kernel import buffer, db, jobs
from app.kernel.access import Access, access_of

HEAD = """# Routes

Made by `make routes` from the route map; do not edit. "Who" is the mark of `app/kernel/access.py` on the view:
roles are the least that suffices, on the staff's and on the customer's side.

| method | address | who | file |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Route:
    """One address with one method."""

    method: str
    address: str
    access: Access | None
    module: str

    @property
    def who(self) -> str:
        """The mark in words."""
        mark = self.access
        if mark is None:
            return "nobody: it bears no mark"
        sides = [
            f"staff {mark.staff.name}" if mark.staff else "",
            f"customer {mark.customer.name}" if mark.customer else "",
        ]
        said = {
            "role": " or ".join(side for side in sides if side),
            "key": f"key with `{mark.scope}`",
            "own": "anybody signed in, own things",
            "public": "everybody",
            "signed": "a program whose body is signed",
            "platform": "everybody, without a tenant",
        }.get(mark.kind, mark.kind)
        return said + (f" ({', '.join(mark.limits)})" if mark.limits else "")


def routes_of(app: Flask) -> Iterator[Route]:
    """Every route of `app`, in the order of its address."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        view = app.view_functions[rule.endpoint]
        for method in _methods(rule):
            yield Route(method, rule.rule, access_of(view), _module(view))


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _module(view: object) -> str:
    while hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return str(getattr(view, "__module__", ""))


def page(app: Flask) -> str:
    """The whole of docs/routes.md."""
    lines = [
        f"| {route.method} | `{route.address}` | {route.who} | `{route.module.replace('.', '/')}.py` |"
        for route in routes_of(app)
    ]
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Print the page."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load({"MPANEL_DATA": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'none.db'}"}))
        sys.stdout.write(page(app))
        buffer.close()
        jobs.close()
        db.dispose()


if __name__ == "__main__":
    main()
