"""Libraries that need not be loaded before the first answer, and parts of others that are never used here.

A web process is ready in a quarter of the time when what one visitor in a thousand needs is loaded for that one.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class Late:
    """Stands for a module until something of it is asked for: `parser = Late("ua_parser")`.

    Types are kept by importing the module itself under `TYPE_CHECKING`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)  # Python itself lets one thread load it
        setattr(self, attribute, found)
        return found


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Import a library as if the modules `names`, which it takes where it finds them, were not installed."""
    with _standing_in(dict.fromkeys(names)):
        yield


@contextmanager
def hollow(*names: str) -> Iterator[None]:
    """Import a library with empty modules for parts of it, `names`, that it loads and we never use."""
    with _standing_in({name: ModuleType(name) for name in names}):
        yield


@contextmanager
def _standing_in(others: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Let `import` find `others` for what is not loaded yet; None tells Python that there is no such module."""
    modules: dict[str, Any] = sys.modules
    new = {name: other for name, other in others.items() if name not in modules}
    modules.update(new)
    try:
        yield
    finally:
        for name in new:
            modules.pop(name, None)
