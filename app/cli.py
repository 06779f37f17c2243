"""`mpanel`: what the operator of an installation can say.

The processes that serve are here and load only what they need; the other commands are in `office`.
"""

import gc
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click

from app.kernel import logs
from app.running.plain import listen, plainly, settings, tied
from app.running.supervisor import Supervisor


class _House(click.Group):
    """The commands below, and those of `office` when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_office().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _office().get_command(ctx, cmd_name)


def _office() -> click.Group:
    found = importlib.import_module("app.office").main
    assert isinstance(found, click.Group)
    return found


@click.group(cls=_House, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mpanel", prog_name="mpanel")
def main() -> None:
    """The business panel of a hosting company."""


def _ties(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in ("--listen-fd", "--ready-fd", "--lifeline-fd"):
        command = click.option(name, type=int, hidden=True)(command)
    command = click.option("--identity", hidden=True)(command)
    return click.option("--after", hidden=True, multiple=True)(command)


@main.command()
@click.option("--web", default=1, show_default=True, type=click.IntRange(1, 64), help="Number of web processes.")
@click.option("--migrate/--no-migrate", "migrates", default=True, show_default=True, help="Migrate the database first.")
@plainly
def run(web: int, migrates: bool) -> None:
    """Web processes and a worker, supervised. SIGHUP replaces them one by one; SIGTERM and Ctrl-C drain."""
    found = settings()
    logs.configure()
    listener = listen(found)
    if migrates:
        _migrate()
    sys.exit(Supervisor(found, listener, web=web, say=click.echo).run())


def _migrate() -> None:
    """In a process of its own, so that what it loads goes with it.

    It has said already what is wrong when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "migrate", "--quiet"], check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(done.returncode)


@main.command()
@_ties
@plainly
def web(**ties: Any) -> None:
    """One web process."""
    gc.disable()  # until the house is loaded; see `create_app`
    from app.running.web import serve

    serve(settings(), tied(**ties))


@main.command()
@_ties
@plainly
def worker(**ties: Any) -> None:
    """One worker process; as many as you like, on any machine."""
    gc.disable()  # until the house is loaded; see `create_app`
    from app.running.ground import database_said_plainly
    from app.running.worker import work

    with database_said_plainly():
        ended = work(settings(), tied(**ties))
    if not ended:
        os._exit(0)  # threads that did not end in time hold nothing that a lease does not give back


if __name__ == "__main__":
    main()
