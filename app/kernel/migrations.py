"""The schema's revisions: bring a database to the newest, and say whether it is there.

Alembic is imported only where something is migrated: a serving process only
asks whether its schema is the newest.
"""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.kernel import db

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
LOCK_FILE = "migrate.lock"


def upgrade(url: str, data: Path) -> None:
    """Bring the database at `url` to the newest revision. Of several at once, one migrates and the others wait.

    On PostgreSQL the migration itself takes an advisory lock; on SQLite a file
    in the data folder is locked.
    """
    from alembic import command

    engine = db.make_engine(url, statement_timeout_ms=0)
    try:
        with _alone(data if engine.dialect.name == "sqlite" else None):
            command.upgrade(_config(engine), "head")
    finally:
        engine.dispose()


def is_at_head(connection: sa.Connection) -> bool:
    """Whether the database has exactly the revision that this code was written for."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return False
    return set(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()) == newest()


@lru_cache(maxsize=1)
def newest() -> set[str]:
    """The revisions that this code was written for: one, unless somebody forked."""
    texts = [path.read_text() for path in (FOLDER / "versions").glob("*.py")]
    revisions = {found for text in texts for found in re.findall(r'^revision = "([^"]+)"', text, re.M)}
    followed = {found for text in texts for found in re.findall(r'^down_revision = "([^"]+)"', text, re.M)}
    return revisions - followed


def _config(engine: sa.Engine) -> Any:
    from alembic.config import Config

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
