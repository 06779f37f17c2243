"""How Alembic reaches the database: one migrator at a time, all of a run in one transaction, or nothing of it.

The caller may hand an engine in `config.attributes["engine"]`; else the
environment's DATABASE_MIGRATE_URL (by default DATABASE_URL) is taken.
"""

import sqlalchemy as sa
from alembic import context

from app.config import load
from app.features import load_tables
from app.kernel import db

ONE_MIGRATOR = 0x6D50616E656C  # the key of the advisory lock, "mPanel" in ASCII


def engine() -> tuple[sa.Engine, bool]:
    """The engine to migrate with, and whether it is ours to dispose of."""
    given = context.config.attributes.get("engine")
    if given is not None:
        return given, False
    return db.make_engine(load().migrate_url, statement_timeout_ms=0), True


def run() -> None:
    """Bring the database to the revision that was asked for."""
    found, ours = engine()
    metadata = load_tables()
    try:
        with found.execution_options(panel_write=True).connect() as connection:
            if connection.dialect.name == "sqlite":
                _sqlite(connection, metadata)
            else:
                _postgresql(connection, metadata)
    finally:
        if ours:
            found.dispose()


def _postgresql(connection: sa.Connection, metadata: sa.MetaData) -> None:
    with connection.begin():
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_MIGRATOR})
        _migrate(connection, metadata)


def _sqlite(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Foreign keys are off outside the transaction (batch mode rebuilds tables) and checked before it ends."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            _migrate(connection, metadata)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise RuntimeError(f"the migration leaves a row of {broken[0]} that points to nothing")
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _migrate(connection: sa.Connection, metadata: sa.MetaData) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
        transaction_per_migration=False,
        user_module_prefix=None,
    )
    context.run_migrations()


run()
