"""What `mpanel isolation check` does: the run, and keeping its result."""

import sys

import click
from sqlalchemy.exc import SQLAlchemyError

from app.features.ops import isolation as kept
from app.isolation import ground
from app.isolation.check import Checker
from app.isolation.report import Report
from app.kernel import db, migrations
from app.running.ground import panel
from app.running.plain import Failure, WrongGiven, settings


def run(only: str, store: str, database_url: str | None) -> Report:
    """Check on a scratch database; progress on standard error, where a person watches.

    Raises:
        Failure: no route is called so, or there is no PostgreSQL to make a database in.
    """
    with ground.scratch(_server(store, database_url)) as found:
        checker = Checker(found)
        if only and not any(only in {route.name, route.address} for route in checker.planner.routes):
            raise Failure(f"there is no route {only}; docs/routes.md has all of them")
        report = checker.run(only, _tell if sys.stderr.isatty() else None)
    if sys.stderr.isatty():
        click.echo(f"\r{'':40}\r", nl=False, err=True)
    return report


def _server(store: str, database_url: str | None) -> str | None:
    if store == "sqlite":
        return None
    url = database_url or settings().database_url
    if not url.startswith("postgres"):
        raise WrongGiven("--store postgresql wants --database-url, or DATABASE_URL to be one of PostgreSQL")
    return url


def _tell(done: int, count: int) -> None:
    click.echo(f"\r{done} of {count} routes ", nl=False, err=True)


def keep(report: Report) -> bool:
    """Keep the result in the installation's own database; False where there is none that is migrated."""
    try:
        with panel():
            with db.transaction(write=False) as session:
                if not migrations.is_at_head(session.connection()):
                    return False
            with db.transaction():
                kept.keep(report.as_json())
    except (SQLAlchemyError, Failure):
        return False
    return True
