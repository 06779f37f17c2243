"""Counts the statements that a piece of work sends to the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from app.features.audit import service as audit
from app.kernel import db

_NOISE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "PRAGMA", "SELECT set_config")
MOST_A_PAGE = 15


class Queries:
    """Statements in the order in which they were sent."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def __call__(self, *, max: int = MOST_A_PAGE) -> Iterator[list[str]]:
        """Count what is inside; more than `max` fails, naming the statements."""
        seen: list[str] = []
        if db.has_session():
            audit.write_out()  # what the test did before is not the work that is counted

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(_NOISE):
                seen.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(self.engine, "before_cursor_execute", note)
        listed = "\n".join(f"  {number}. {' '.join(text.split())}" for number, text in enumerate(seen, 1))
        assert len(seen) <= max, f"{len(seen)} statements where {max} are allowed:\n{listed}"
