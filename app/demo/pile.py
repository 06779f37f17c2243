"""Rows on their way into the store: gathered by table, written many at once, in the order that its keys and guards ask.

Nothing goes past the guards: invoices come as drafts, get their lines, and are
issued by one change of each, as a guard allows; what is paid for them follows.
"""

from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from app.features.audit.lines import LAST_PLACE
from app.features.audit.models import AuditLog
from app.features.billing.models import Invoice, InvoiceLine
from app.kernel import db, prepared, tenancy, terms
from app.kernel.db import Base, PanelSession

MOST = 30_000
"""Rows held in memory; written at the next end of a life."""
FIRST = 2_000
"""Rows of the first writing: few, because PostgreSQL takes every table for an empty one until it has looked."""
INVOICES, LINES, LOG = Invoice.__tablename__, InvoiceLine.__tablename__, AuditLog.__tablename__
DRAFT: dict[str, Any] = {
    "status": "draft", "number": None, "sequence": None, "issued_at": None, "due_at": None, "paid_at": None,
    "voided_at": None, "refunded_at": None, "paid_minor": 0,
}  # fmt: skip
"""An invoice before it is issued."""


class Pile:
    """Takes rows as the driver takes them, `id` None for those that are gone again."""

    def __init__(self, session: PanelSession) -> None:
        self.rows = 0
        self._session = session
        self._mark = "%s" if db.is_postgresql() else "?"
        tenant_id = tenancy.current()
        self._tenant = tenant_id if db.is_postgresql() else tenant_id.bytes
        self._held: dict[str, list[dict[str, Any]]] = {}
        self._words: list[terms.Row] = []
        self._count, self._next_look = 0, 1
        tables = [table.name for table in Base.metadata.sorted_tables if "id" in table.c and "tenant_id" in table.c]
        before = _needed_by(LINES)
        self._order = [name for name in tables if name in before] + [LINES]
        self._order += [name for name in tables if name not in self._order]

    def add(self, table: str, row: dict[str, Any]) -> None:
        """Hold one row; it may still be changed until the life ends."""
        self._held.setdefault(table, []).append(row)
        self._count += 1

    def add_words(self, rows: list[terms.Row]) -> None:
        """Hold the words that a record is found by."""
        self._words += rows
        self._count += len(rows)

    def let_go(self) -> None:
        """A life is whole: write what is held, when it is much."""
        if self._count >= min(MOST, max(FIRST, self.rows)):
            self.flush()

    def flush(self) -> None:
        """Write everything that is held."""
        for table in self._order:
            rows = [row for row in self._held.get(table, ()) if row["id"] is not None]
            if not rows:
                continue
            self.rows += len(rows)
            self._insert(table, [row | DRAFT for row in rows] if table == INVOICES else rows)
            if table == LINES:
                self._issue([row for row in self._held[INVOICES] if row["status"] != "draft"])
        terms.insert(self._words)
        self.rows += len(self._words)
        self._held.clear()
        self._words.clear()
        self._look()
        self._count = 0

    def _look(self) -> None:
        """Let PostgreSQL see how large its tables are by now, else it checks every key by reading them whole."""
        if self._mark == "%s" and self.rows >= self._next_look:
            self._session.connection().exec_driver_sql(f"ANALYZE {', '.join(self._order)}")
            self._next_look = self.rows * 4

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        columns = list(Base.metadata.tables[table].c)
        if table == LOG:
            columns = self._placed(columns, rows)
        names = ", ".join(column.name for column in columns)
        values = ", ".join(self._bound(column) for column in columns)
        self._run(f"INSERT INTO {table} ({names}) VALUES ({values})", [column.name for column in columns], rows)

    def _placed(self, columns: list[sa.Column[Any]], rows: list[dict[str, Any]]) -> list[sa.Column[Any]]:
        """Give rows of the log their places at its end; PostgreSQL does so by itself."""
        if db.is_postgresql():
            return [column for column in columns if column.name != "position"]
        last = prepared.fetch(self._session.connection(), LAST_PLACE, {"tenant": tenancy.current()})[0][0]
        for place, row in enumerate(rows, last + 1):
            row["position"] = place
        return columns

    def _issue(self, rows: list[dict[str, Any]]) -> None:
        """Give drafts their numbers, and what became of them."""
        changes = ", ".join(f"{name} = {self._mark}" for name in DRAFT)
        statement = f"UPDATE {INVOICES} SET {changes} WHERE tenant_id = {self._mark} AND id = {self._mark}"
        self._run(statement, [*DRAFT, "tenant_id", "id"], rows)

    def _run(self, statement: str, names: list[str], rows: list[dict[str, Any]]) -> None:
        """One statement for many rows, straight to the driver: SQLAlchemy costs more than the store.

        No filter minds the tenant here: that each row names the one that is set is checked.
        """
        if any(row["tenant_id"] != self._tenant for row in rows):
            raise tenancy.ForeignTenant("a row of another tenant")
        if rows:
            self._session.connection().exec_driver_sql(statement, list(map(itemgetter(*names), rows)))

    def _bound(self, column: sa.Column[Any]) -> str:
        return f"{self._mark}::jsonb" if isinstance(column.type, sa.JSON) and self._mark == "%s" else self._mark


def _needed_by(table: str) -> set[str]:
    """The tables that rows of `table` point to, and those that they point to."""
    found: set[str] = set()
    waiting = [table]
    while waiting:
        for key in Base.metadata.tables[waiting.pop()].foreign_keys:
            name = key.column.table.name
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
