"""Reads the house as text and as a route map, for `tests/test_house.py`."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tests.support.stores import ROOT

FEATURES = ROOT / "app" / "features"
DOORS = ("public", "client", "reseller", "admin", "api")


def python_files(*folders: str) -> list[Path]:
    """Every Python file of ours under `folders`, but for the migrations' revisions."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "versions" not in path.parts]


def templates() -> list[Path]:
    """Every template."""
    return sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def name_of(path: Path) -> str:
    """A path as it stands in the tree."""
    return path.relative_to(ROOT).as_posix()


def rooms() -> list[str]:
    """The rooms' names."""
    return sorted(path.parent.name for path in FEATURES.glob("*/__init__.py"))


def addresses(room: str) -> dict[str, tuple[str, ...]]:
    """The addresses that the room declares in its `__init__.py`, by door."""
    return dict(getattr(import_module(f"app.features.{room}"), "ADDRESSES", {}))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with its length in lines, docstring and decorators not counted."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_words = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            words = (first.end_lineno or 0) - first.lineno + 1 if has_words else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - words


def grep(paths: list[Path], pattern: str) -> list[str]:
    """Where `pattern` stands: `file:line: text`."""
    wanted = re.compile(pattern)
    return [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if wanted.search(line)
    ]


def promised_file(address: str) -> str | None:
    """The module that an address promises: by the longest declared prefix, else by /{door}/{room}."""
    declared = {
        prefix: f"app.features.{room}.{door}"
        for room in rooms()
        for door, prefixes in addresses(room).items()
        for prefix in prefixes
    }
    homes = {f"/{door}" for door in DOORS}  # a declared /admin is that page alone, not all that lies below
    fitting = [
        prefix
        for prefix in declared
        if address == prefix or (prefix not in homes and address.startswith(prefix.rstrip("/") + "/"))
    ]
    if fitting:
        return declared[max(fitting, key=len)]
    parts = address.strip("/").replace("-", "_").split("/")
    if parts[0] in {"client", "reseller", "admin"} and len(parts) > 1:
        return f"app.features.{parts[1]}.{parts[0]}"
    if parts[:2] == ["api", "v1"] and len(parts) > 2:
        return f"app.features.{parts[2]}.api"
    return f"app.features.{parts[0]}.public"
