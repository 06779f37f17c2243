"""The schema's revisions: bring a database to the newest, and say whether it is there."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.kernel import db

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
LOCK_FILE = "migrate.lock"


def upgrade(url: str, data: Path) -> None:
    """Bring the database at `url` to the newest revision. Of several at once, one migrates and the others wait.

    On PostgreSQL the migration itself takes an advisory lock; on SQLite a file
    in the data folder is locked.
    """
    engine = db.make_engine(url, statement_timeout_ms=0)
    try:
        with _alone(data if engine.dialect.name == "sqlite" else None):
            command.upgrade(_config(engine), "head")
    finally:
        engine.dispose()


def is_at_head(connection: sa.Connection) -> bool:
    """Whether the database has exactly the revision that this code was written for."""
    return set(MigrationContext.configure(connection).get_current_heads()) == newest()


@lru_cache(maxsize=1)
def newest() -> set[str]:
    """The revisions that this code was written for: one, unless somebody forked."""
    return set(ScriptDirectory.from_config(_config(None)).get_heads())


def _config(engine: sa.Engine | None) -> Config:
    config = Config(FOLDER / "alembic.ini")
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["engine"] = engine
    return config


@contextmanager
def _alone(data: Path | None) -> Iterator[None]:
    if data is None:
        yield
        return
    with (data / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
