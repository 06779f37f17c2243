"""What must be written although the request is refused.

Failed sign-ins, a reused token that ends its family, refusals worth auditing:
they are noted here and written by a second short transaction after the first
has ended, whatever its end. A second connection that wrote while the request
holds SQLite's lock would wait for itself.
"""

from collections.abc import Callable
from contextvars import ContextVar

_notes: ContextVar[list[Callable[[], None]] | None] = ContextVar("aftermath", default=None)


def later(write: Callable[[], None]) -> None:
    """Run `write` in a transaction of its own once this request or task has ended.

    The tenant and the actor are those of the request. Must be called inside one.
    """
    notes = _notes.get()
    if notes is None:
        raise RuntimeError("nobody collects the aftermath here")
    notes.append(write)


def collect() -> None:
    """Start to collect, at the beginning of a request or task."""
    _notes.set([])


def take() -> list[Callable[[], None]]:
    """What was noted, in order; the collection is closed."""
    notes = _notes.get() or []
    _notes.set(None)
    return notes
