"""`mpanel`: what the operator of an installation can say. Each sub-command is one call."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from app import config
from app.config import SettingError, Settings
from app.kernel.errors import Refusal


class Failure(click.ClickException):
    """One line on standard error; exit code 1, or 2 for a wrong setting."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance too

    def show(self, file: Any = None) -> None:
        click.echo(f"mpanel: {self.message}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mpanel", prog_name="mpanel")
def main() -> None:
    """The business panel of a hosting company."""


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
    from app.kernel import logs

    return (
        logs.clean(str(problem.orig).strip().splitlines()[0], 200) if str(problem.orig).strip() else "no reason given"
    )


@contextmanager
def panel(found: Settings | None = None) -> Iterator[Settings]:
    """The panel's ground, rooms and tasks, without a server."""
    from app import create_app
    from app.kernel import buffer, db, jobs, logs
    from app.running.worker import load_tasks

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
    from app.features.tenants import service as tenants
    from app.kernel import db, tenancy

    with panel() as found:
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        if tenant is None:
            raise Failure("there is no tenant yet; run `mpanel init` first")
        with tenancy.as_tenant(tenant.id), db.transaction():
            yield found


def _ties(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in ("--listen-fd", "--ready-fd", "--lifeline-fd"):
        command = click.option(name, type=int, hidden=True)(command)
    return command


@main.command()
@click.option("--web", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of web processes.")
@click.option("--migrate/--no-migrate", "migrates", default=True, show_default=True, help="Migrate the database first.")
@plainly
def run(web: int, migrates: bool) -> None:
    """Web processes and a worker, supervised. SIGHUP replaces them one by one; SIGTERM and Ctrl-C drain."""
    from app.kernel import logs, migrations
    from app.running.supervisor import Supervisor
    from app.running.web import CannotListen, listen

    found = settings()
    logs.configure()
    try:
        listener = listen(found)
    except CannotListen as problem:
        raise Failure(str(problem), 2) from problem
    if migrates:
        migrations.upgrade(found.migrate_url, found.data)
    sys.exit(Supervisor(found, listener, web=web, say=click.echo).run())


@main.command()
@_ties
@plainly
def web(listen_fd: int | None, ready_fd: int | None, lifeline_fd: int | None) -> None:
    """One web process."""
    from app.running.children import Ties
    from app.running.web import CannotListen, serve

    try:
        serve(settings(), Ties(listen_fd, ready_fd, lifeline_fd))
    except CannotListen as problem:
        raise Failure(str(problem), 2) from problem


@main.command()
@_ties
@plainly
def worker(listen_fd: int | None, ready_fd: int | None, lifeline_fd: int | None) -> None:
    """One worker process; as many as you like, on any machine."""
    from app.running.children import Ties
    from app.running.worker import work

    if not work(settings(), Ties(listen_fd, ready_fd, lifeline_fd)):
        os._exit(0)  # threads that did not end in time hold nothing that a lease does not give back


@main.command()
@plainly
def migrate() -> None:
    """Bring the database to the newest revision. Of several at once, one migrates and the others wait."""
    from app.kernel import migrations

    found = settings()
    migrations.upgrade(found.migrate_url, found.data)


@main.command()
@click.option(
    "--demo", "with_demo", is_flag=True, help="Load a small demo into an empty panel, and print how to try it."
)
@plainly
def init(with_demo: bool) -> None:
    """Make the first tenant, its owner and the plans, from the environment. Safe to repeat."""
    from app import setup
    from app.kernel import migrations

    found = settings()
    migrations.upgrade(found.migrate_url, found.data)
    with panel(found):
        for line in setup.initialise(found, with_demo=with_demo):
            click.echo(line)


@main.command()
@click.option("--customers", default=12, show_default=True, type=click.IntRange(1, 1000))
@click.option("--seed", default=1, show_default=True, type=int)
@plainly
def demo(customers: int, seed: int) -> None:
    """Load believable customers. The same seed makes the same ones."""
    from app import demo as loader
    from app.features.tenants import service as tenants
    from app.kernel import db, tenancy

    with panel():
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        if tenant is None:
            raise Failure("there is no tenant yet; run `mpanel init` first")
        with tenancy.as_tenant(tenant.id):
            login = loader.load(customers=customers, seed=seed)
    click.echo(f"{customers} customers. One to sign in as: {login.email}   {login.password}")


@main.group()
def owner() -> None:
    """The owner of the installation."""


@owner.command("reset")
@click.option("--email", help="Whose access to restore; the first owner's by default.")
@plainly
def reset_owner(email: str | None) -> None:
    """Let a lost owner in again: prints a link for a new password, good for one hour."""
    from app.features.accounts import service as accounts

    with operator():
        user, link = accounts.reset_owner(email)
        address = user.email
    click.echo(f"A new password for {address}, within an hour:\n{link}")


@main.group("api-key")
def api_key() -> None:
    """Keys for programs."""


@api_key.command("create")
@click.option("--name", required=True)
@click.option("--scope", "scopes", required=True, multiple=True, help="May be given several times.")
@plainly
def create_api_key(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it, and nothing else. It is never shown again."""
    from app.features.api_keys import service as api_keys

    with operator():
        _row, secret = api_keys.create(name, scopes=list(scopes))
    click.echo(secret)


@main.group()
def jobs() -> None:
    """Scheduled work."""


@jobs.command("list")
@plainly
def list_jobs() -> None:
    """What runs when, and what came of it."""
    from app.kernel import db, schedule

    with panel():
        schedule.install()
        with db.transaction(write=False):
            rows = schedule.listed()
        click.echo(f"{'NAME':28} {'WHEN':16} {'ZONE':10} {'NEXT':20} {'LAST':20} OUTCOME")
        for row in rows:
            last = f"{row.last_run_at:%Y-%m-%d %H:%M:%S}" if row.last_run_at else "never"
            outcome = " ".join(filter(None, [row.last_outcome, row.last_error])) or "-"
            missed = f" ({row.last_missed} missed before)" if row.last_missed else ""
            next_run = f"{row.next_run_at:%Y-%m-%d %H:%M:%S}"
            click.echo(f"{row.name:28} {row.cron:16} {row.zone:10} {next_run:20} {last:20} {outcome}{missed}")


@jobs.command("run")
@click.argument("name")
@click.option("--at", metavar="TIME", help="The slot to run, as 2026-11-20T02:00 (UTC unless it says otherwise).")
@plainly
def run_job(name: str, at: str | None) -> None:
    """Run scheduled work now. A slot that has run already is not run again."""
    from app.kernel import schedule

    moment = _moment(at) if at else None
    with panel():
        schedule.install()
        try:
            slot = schedule.claim_now(name, moment)
        except schedule.UnknownJob as problem:
            raise Failure(f"there is no scheduled work named {name}; `mpanel jobs list` shows all") from problem
        if slot is None:
            click.echo("That slot has run already.")
            return
        outcome = schedule.perform(slot)
    click.echo(outcome)
    sys.exit(0 if outcome == "done" else 1)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise Failure("--at must be a time such as 2026-11-20T02:00", 2) from problem
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@main.command()
def doctor() -> None:
    """Check the installation; each line says ok or what is wrong. Exit code 1 when something is."""
    from app.running import checks

    found = checks.run(settings())
    for check in found:
        click.echo(f"{'ok     ' if check.is_fine else 'PROBLEM'}  {check.name}: {check.text}")
    sys.exit(0 if all(check.is_fine for check in found) else 1)


if __name__ == "__main__":
    main()
