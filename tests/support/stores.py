"""Databases for tests: one migrated template of each store, and cheap copies of it.

`python -m tests.support.stores` checks on both stores that the migrations make
exactly the tables that the models describe.
"""

import importlib
import itertools
import pkgutil
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from app import features
from app.features import load_tables
from app.kernel import db, tenancy
from tests.support.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("sqlite", "postgresql")
HAS_REVISIONS = any((ROOT / "migrations" / "versions").glob("*.py"))


def make_schema(url: str) -> None:
    """Bring the empty database at `url` to the newest schema: by the migrations, once there are any."""
    engine = db.make_engine(url, statement_timeout_ms=0)
    try:
        if HAS_REVISIONS:
            migrate(engine)
        else:
            create_all(engine)
    finally:
        engine.dispose()


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Run the migrations to `revision`, up, or down when it is `base`."""
    config = Config(ROOT / "migrations" / "alembic.ini")
    config.attributes["engine"] = engine
    (command.downgrade if revision == "base" else command.upgrade)(config, revision)


def create_all(engine: sa.Engine) -> None:
    """The schema straight from the models, with guards and row-level security. Before the first revision only."""
    metadata = load_tables()
    dialect = engine.dialect.name
    with engine.execution_options(panel_write=True).begin() as connection:
        metadata.create_all(connection)
        for statement in guards(dialect):
            connection.execute(sa.DDL(statement.replace("%%", "%").replace("%", "%%")))
        if dialect == "postgresql":
            for table in tenancy.tenant_tables():
                for statement in tenancy.row_security(table.name):
                    connection.exec_driver_sql(statement)


def guards(dialect: str) -> list[str]:
    """What the rooms' `guards.py` and `views.py` tell the database, beyond its tables."""
    found: list[str] = []
    for room in pkgutil.iter_modules(features.__path__, "app.features."):
        for module, name in (("guards", "GUARDS"), ("views", "VIEWS")):
            if find_spec(f"{room.name}.{module}") is not None:
                statements = getattr(importlib.import_module(f"{room.name}.{module}"), name, {})
                found += statements.get(dialect, [])
    return found


def drift(url: str) -> list[str]:
    """How the schema at `url` differs from the models."""
    engine = db.make_engine(url)
    try:
        with engine.connect() as connection:
            options = {"compare_type": True, "include_name": _is_described}
            context = MigrationContext.configure(connection, opts=options)
            return [str(difference) for difference in compare_metadata(context, load_tables())]
    finally:
        engine.dispose()


def _is_described(name: str | None, kind: str, _parents: object) -> bool:
    """The full-text index is made by its room's `guards.py`; on SQLite it has tables of its own, which no model knows."""
    return kind != "table" or name == "kb_searches" or not str(name).startswith("kb_search")


class Stores:
    """The templates of one test process, made when first asked for, and their copies."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mp-stores-"))
        self._postgres: Postgres | None = None
        self._templates: dict[str, str] = {}
        self.installed: dict[str, tuple[str, Path]] = {}
        """By kind: database and data folder of an installation, kept to be copied (`tests/support/panel.py`)."""
        self._numbers = itertools.count(1)

    @property
    def postgres(self) -> Postgres:
        """The PostgreSQL server, started when first asked for."""
        if self._postgres is None:
            self._postgres = Postgres()
            self._postgres.start()
        return self._postgres

    def template(self, kind: str) -> str:
        """The name (PostgreSQL) or file (SQLite) of the migrated template."""
        if kind not in self._templates:
            self._templates[kind] = self._make_template(kind)
        return self._templates[kind]

    def fresh(self, kind: str) -> str:
        """The URL of a new, migrated, empty database."""
        return self.copy(kind, self.template(kind))

    def empty(self, kind: str) -> str:
        """The URL of a new database without a single table."""
        number = next(self._numbers)
        if kind == "sqlite":
            return f"sqlite:///{self.folder / f'empty{number}.db'}"
        return self.postgres.create(f"empty{number}")

    def copy(self, kind: str, template: str) -> str:
        """The URL of a new copy of `template`, to which nobody may be connected."""
        number = next(self._numbers)
        if kind == "sqlite":
            target = self.folder / f"copy{number}.db"
            shutil.copyfile(template, target)
            return f"sqlite:///{target}"
        return self.postgres.create(f"copy{number}", template=template)

    def copy_of(self, url: str) -> str:
        """The URL of a new copy of the database at `url`, to which nobody may be connected."""
        found = sa.make_url(url)
        kind, database = found.get_backend_name(), str(found.database)
        assert not Path(f"{database}-wal").exists(), "somebody is connected"
        return self.copy(kind, database)

    def drop(self, url: str) -> None:
        """Remove a copy."""
        parsed = sa.make_url(url)
        assert parsed.database is not None
        if parsed.get_backend_name() == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(parsed.database + suffix).unlink(missing_ok=True)
        else:
            self.postgres.drop(parsed.database)

    def close(self) -> None:
        """Stop the server and remove every file."""
        if self._postgres is not None:
            self._postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_template(self, kind: str) -> str:
        if kind == "sqlite":
            path = self.folder / "template.db"
            make_schema(f"sqlite:///{path}")
            return str(path)
        make_schema(self.postgres.create("template_panel"))
        return "template_panel"


def main() -> int:
    """Compare the migrated schema with the models on both stores."""
    stores = Stores()
    try:
        found = {kind: drift(stores.fresh(kind)) for kind in KINDS}
    finally:
        stores.close()
    for kind, differences in found.items():
        for difference in differences:
            print(f"{kind}: the migrations lack {difference}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
