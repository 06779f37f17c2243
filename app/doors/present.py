"""TEMPORARY while rooms are being built: the doors that exist already."""
import importlib, importlib.util
from typing import Any

def rooms(*names: str) -> tuple[Any, ...]:
    found = []
    for name in names:
        room, door, *attr = name.split(".")
        if importlib.util.find_spec(f"app.features.{room}") and importlib.util.find_spec(f"app.features.{room}.{door}"):
            try:
                found.append(getattr(importlib.import_module(f"app.features.{room}.{door}"), attr[0] if attr else "routes"))
            except ImportError as problem:
                import sys
                print("NOT YET", name, problem, file=sys.stderr)
    return tuple(found)
