"""What the operator's commands stand on: settings, the panel without a server, and trouble said in one line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from app import config, create_app
from app.config import SettingError, Settings
from app.features.tenants import service as tenants
from app.kernel import buffer, db, jobs, logs, tenancy
from app.kernel.errors import Refusal
from app.running.children import Ties
from app.running.worker import load_tasks


class Failure(click.ClickException):
    """One line on standard error; exit code 1, or 2 for a wrong setting."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance too

    def show(self, file: Any = None) -> None:
        click.echo(f"mpanel: {self.message}", err=True)


def settings() -> Settings:
    """The settings of this process.

    Raises:
        Failure: one is wrong; the line names it.
    """
    try:
        return config.load()
    except SettingError as problem:
        raise Failure(str(problem), 2) from problem


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Say foreseeable trouble in one line instead of a traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except SettingError as problem:
            raise Failure(str(problem), 2) from problem
        except Refusal as no:
            named = "; ".join(f"{name}: {text}" for name, text in no.fields.items())
            raise Failure(named or no.text) from no
        except DBAPIError as problem:
            hint = "" if "no such table" not in str(problem.orig) else " (run `mpanel migrate`)"
            raise Failure(
                f"DATABASE_URL: the database does not answer as it should{hint}: {_first_line(problem)}"
            ) from problem

    return run


def _first_line(problem: DBAPIError) -> str:
    return (
        logs.clean(str(problem.orig).strip().splitlines()[0], 200) if str(problem.orig).strip() else "no reason given"
    )


@contextmanager
def panel(found: Settings | None = None) -> Iterator[Settings]:
    """The panel's ground, rooms and tasks, without a server."""
    found = found or settings()
    logs.configure(level="WARNING")
    create_app(found)
    load_tasks()
    try:
        yield found
    finally:
        buffer.close()
        jobs.close()
        db.dispose()


@contextmanager
def operator() -> Iterator[Settings]:
    """A unit of work as the operator's tenant."""
    with panel() as found:
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        if tenant is None:
            raise Failure("there is no tenant yet; run `mpanel init` first")
        with tenancy.as_tenant(tenant.id), db.transaction():
            yield found


def tied(
    listen_fd: int | None, ready_fd: int | None, lifeline_fd: int | None, identity: str | None, after: tuple[str, ...]
) -> Ties:
    """What the supervisor handed down, from the hidden options."""
    mine = bytes.fromhex(identity) if identity else None
    return Ties(listen_fd, ready_fd, lifeline_fd, mine, tuple(bytes.fromhex(one) for one in after))
