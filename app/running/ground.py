"""What the operator's commands stand on: the panel without a server, and a database's trouble said in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from app import create_app
from app.config import Settings
from app.features.tenants import service as tenants
from app.kernel import buffer, db, jobs, logs, migrations, tenancy
from app.running.plain import Failure, settings
from app.running.worker import load_tasks


@contextmanager
def database_said_plainly() -> Iterator[None]:
    """Say in one line that the database does not answer as it should."""
    try:
        yield
    except DBAPIError as problem:
        hint = "" if "no such table" not in str(problem.orig) else " (run `mpanel migrate`)"
        raise Failure(
            f"DATABASE_URL: the database does not answer as it should{hint}: {_first_line(problem)}"
        ) from problem


def _first_line(problem: DBAPIError) -> str:
    said = str(problem.orig).strip()
    return logs.clean(said.splitlines()[0], 200) if said else "no reason given"


def migrate(found: Settings) -> None:
    """Bring the database to the newest revision."""
    with database_said_plainly():
        migrations.upgrade(found.migrate_url, found.data)


@contextmanager
def panel(found: Settings | None = None) -> Iterator[Settings]:
    """The panel's ground, rooms and tasks, without a server."""
    found = found or settings()
    logs.configure(level="WARNING")
    create_app(found)
    load_tasks()
    try:
        with database_said_plainly():
            yield found
    finally:
        buffer.close()
        jobs.close()
        db.dispose()


@contextmanager
def operators_house() -> Iterator[Settings]:
    """The same as the operator's tenant, each step with a transaction of its own.

    Raises:
        Failure: there is no tenant yet.
    """
    with panel() as found:
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        if tenant is None:
            raise Failure("there is no tenant yet; run `mpanel init` first")
        with tenancy.as_tenant(tenant.id):
            yield found


@contextmanager
def operator() -> Iterator[Settings]:
    """A unit of work as the operator's tenant."""
    with operators_house() as found, db.transaction():
        yield found
