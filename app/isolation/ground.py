"""The ground of a check: the real application over a scratch database, in one transaction that is never committed.

Each call runs in a savepoint that is taken back, so every call meets the same world.
"""

import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask

from app import create_app
from app.config import load
from app.isolation.silence import silence
from app.kernel import buffer, clock, crypto, db, jobs, limits, logs, migrations, offered
from app.running.worker import load_tasks

_WRITES = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE(?: ONLY)?|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
_WRITES_LATE = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


class NoCounters:
    """Counts nothing: nobody is refused for asking too often."""

    def take(self, _key: str, window: int, amount: int) -> tuple[int, float]:
        """As if this were the first time."""
        return amount, clock.now().timestamp() + window

    def look(self, _key: str) -> tuple[int, float]:
        """No window runs."""
        return 0, 0.0

    def clear(self, _key: str) -> None:
        """There is nothing to forget."""


@dataclass
class Ground:
    """The application, its connection, and which tables were written since `listen` was called."""

    app: Flask
    connection: sa.Connection
    kind: str
    written: set[str] = field(default_factory=set)

    def note(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        """Called before each statement; notes the table that it writes."""
        found = _WRITES.match(statement)
        if found:
            self.written.add(found[1])
        elif statement.lstrip()[:4].upper() == "WITH":
            self.written.update(_WRITES_LATE.findall(statement))

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """What happens inside is undone at the end."""
        savepoint = self.connection.begin_nested()
        self.written.clear()
        try:
            yield
        finally:
            savepoint.rollback()

    def read(self, statement: str) -> list[Any]:
        """Rows of all tenants, by a plain statement."""
        if self.kind == "postgresql":
            self.connection.exec_driver_sql("SELECT set_config('mpanel.across', 'on', true)")
        return list(self.connection.exec_driver_sql(statement))


def forget() -> None:
    """Drop what the process remembers of lists, where it would hide that rows were added."""
    offered.forget()
    with buffer._lock:
        buffer._State.held.clear()


@contextmanager
def scratch(url: str | None = None) -> Iterator[Ground]:
    """The panel over a new database: SQLite in a temporary folder, or beside the PostgreSQL database at `url`."""
    with tempfile.TemporaryDirectory(prefix="mpanel-isolation-") as folder, _database(url, Path(folder)) as made:
        settings = load({"MPANEL_DATA": folder, "DATABASE_URL": made, "SECRET_KEY": secrets.token_urlsafe(48)})
        migrations.upgrade(settings.migrate_url, settings.data)
        logs.configure(level="CRITICAL")
        app = create_app(settings)
        load_tasks()
        buffer.close()
        limits.use(NoCounters())
        try:
            with silence(), quick_passwords(), clock.moved_to(clock.now()), _transaction(app) as ground:
                yield ground
        finally:
            jobs.close()
            db.dispose()


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Passwords are hashed with the least that argon2id allows: who may come in is the same, and time is not looked at.

    Of the processor's time of a check they would take a sixth.
    """
    real = crypto._HASHER, crypto._NOBODY
    crypto._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    crypto._NOBODY = crypto._HASHER.hash(secrets.token_hex(12))
    try:
        yield
    finally:
        crypto._HASHER, crypto._NOBODY = real


@contextmanager
def _transaction(app: Flask) -> Iterator[Ground]:
    engine = db.engine()
    with engine.execution_options(panel_write=True).connect() as connection:
        outer = connection.begin()
        _straight_savepoints(engine.dialect, connection)
        ground = Ground(app, connection, engine.dialect.name)
        sa.event.listen(engine, "before_cursor_execute", ground.note)
        try:
            with db.on_connection(connection):
                yield ground
        finally:
            sa.event.remove(engine, "before_cursor_execute", ground.note)
            outer.rollback()


def _straight_savepoints(dialect: sa.Dialect, connection: sa.Connection) -> None:
    """Let savepoints go straight to the driver: as statements of SQLAlchemy they took a sixth of a check."""
    driver: Any = connection.connection.dbapi_connection
    steps = {"savepoint": "SAVEPOINT", "rollback_to_savepoint": "ROLLBACK TO SAVEPOINT", "release_savepoint": "RELEASE"}
    for name, words in steps.items():
        setattr(dialect, f"do_{name}", lambda _connection, label, words=words: driver.execute(f"{words} {label}"))


@contextmanager
def _database(url: str | None, folder: Path) -> Iterator[str]:
    if url is None:
        yield f"sqlite:///{folder / 'scratch.db'}"
        return
    given = sa.make_url(url).set(drivername="postgresql+psycopg")
    name = f"mpanel_isolation_{secrets.token_hex(6)}"
    server = sa.create_engine(given, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        try:
            yield given.set(database=name).render_as_string(hide_password=False)
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        server.dispose()
