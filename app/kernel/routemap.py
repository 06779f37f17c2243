"""The route map: every address with its method, who may use it and the function behind it."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.kernel.access import Access, access_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Route:
    """One address with one method."""

    method: str
    address: str
    endpoint: str
    access: Access | None
    view: Callable[..., Any]
    """As the room wrote it, without what is wrapped round it."""
    parameters: tuple[str, ...]
    """Of the address, in order."""

    @property
    def name(self) -> str:
        """`GET /admin/orders`."""
        return f"{self.method} {self.address}"

    @property
    def module(self) -> str:
        """Where the view is."""
        return str(getattr(self.view, "__module__", ""))

    @property
    def where(self) -> str:
        """File and line of the view, as a path in the project."""
        code = self.view.__code__
        file = Path(code.co_filename)
        return f"{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}:{code.co_firstlineno}"

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
        parameters = _parameters(rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule.rule, rule.endpoint, access_of(view), inspect.unwrap(view), parameters)


def _parameters(rule: Rule) -> tuple[str, ...]:
    """In the order in which they stand in the address."""
    return tuple(sorted(rule.arguments, key=lambda name: rule.rule.index(f"{name}>")))


def fingerprint(app: Flask) -> str:
    """What tells one route map from another: addresses, methods and marks."""
    said = "\n".join(f"{route.name} {route.who}" for route in routes_of(app))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
