"""Small writes that may come a moment late, gathered: activity logs, last-seen, use counts.

They are flushed every 250 ms and at the end, so that a GET never writes and a
request waits for no second transaction. A kill loses at most what 250 ms
gathered.
"""

import threading
from collections.abc import Callable
from typing import Any

from app.kernel import logs

FLUSH_SECONDS = 0.25
MOST_HELD = 20_000
"""Items of one kind that are held while its sink fails; beyond it the oldest go, and the log says so."""

Sink = Callable[[list[Any]], None]

_log = logs.get("buffer")
_sinks: dict[str, Sink] = {}
_losses: dict[str, Sink] = {}
_lock = threading.Lock()
_flushing = threading.Lock()
_end = threading.Event()


class _State:
    held: dict[str, list[Any]] = {}
    overflowing: set[str] = set()
    """Kinds of which something was let go since they were last written: said once."""
    thread: threading.Thread | None = None


def start() -> None:
    """Begin to flush every 250 ms. Without it, items wait for `flush`."""
    with _lock:
        if _State.thread is None or not _State.thread.is_alive():
            _end.clear()
            _State.thread = threading.Thread(target=_flush_on, name="buffer", daemon=True)
            _State.thread.start()


def sink(kind: str) -> Callable[[Sink], Sink]:
    """Register the function that writes what was gathered under `kind`. It opens its own transaction.

    It gets items of all tenants and sets each one's itself. When it raises,
    the same items are offered again with the next flush.
    """

    def register(write: Sink) -> Sink:
        _sinks[kind] = write
        return write

    return register


def when_lost(kind: str) -> Callable[[Sink], Sink]:
    """Register the function that is told which items of `kind` had to be let go. It only counts them."""

    def register(tell: Sink) -> Sink:
        _losses[kind] = tell
        return tell

    return register


def add(kind: str, item: Any) -> None:
    """Gather `item`. Never fails, never waits for the database."""
    with _lock:
        _hold(kind, [item])


def _hold(kind: str, items: list[Any], *, first: bool = False) -> None:
    """Hold items, after those that are held or before them; the oldest go where they are too many."""
    held = _State.held.setdefault(kind, [])
    if first:
        held[:0] = items
    else:
        held += items
    count = len(held) - MOST_HELD
    if count <= 0:
        return
    lost = held[:count]
    del held[:count]
    if kind in _losses:
        _losses[kind](lost)
    if kind not in _State.overflowing:
        _State.overflowing.add(kind)
        _log.error("buffer overflow", kind=kind, dropped=count)


def flush() -> None:
    """Write everything gathered so far, now."""
    with _flushing:
        with _lock:
            taken, _State.held = _State.held, {}
        for kind, items in taken.items():
            try:
                _sinks[kind](items)
                _State.overflowing.discard(kind)
            except Exception:
                _log.exception("buffer not written", kind=kind, items=len(items))
                with _lock:
                    _hold(kind, items, first=True)


def close() -> None:
    """Flush and end the thread; at the end of the process."""
    _end.set()
    if _State.thread is not None:
        _State.thread.join(5.0)
        _State.thread = None
    flush()


def _flush_on() -> None:
    while not _end.wait(FLUSH_SECONDS):
        flush()
