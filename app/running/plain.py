"""What every command stands on, the light ones too: settings, trouble said in one line, and a socket.

It loads neither the house nor SQLAlchemy, so that the supervisor is a small process.
"""

import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from app import config
from app.config import SettingError, Settings
from app.kernel.errors import Refusal
from app.running.children import Ties


class Failure(click.ClickException):
    """One line on standard error; exit code 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"mpanel: {self.message}", err=True)


class WrongGiven(Failure):
    """The same for what was given: a setting, an option, a taken port; exit code 2."""

    exit_code = 2


def settings() -> Settings:
    """The settings of this process.

    Raises:
        WrongGiven: one is wrong; the line names it.
    """
    try:
        return config.load()
    except SettingError as problem:
        raise WrongGiven(str(problem)) from problem


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Say foreseeable trouble in one line instead of a traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except SettingError as problem:
            raise WrongGiven(str(problem)) from problem
        except Refusal as no:
            named = "; ".join(f"{name}: {text}" for name, text in no.fields.items())
            raise Failure(named or no.text) from no

    return run


def tied(
    listen_fd: int | None, ready_fd: int | None, lifeline_fd: int | None, identity: str | None, after: tuple[str, ...]
) -> Ties:
    """What the supervisor handed down, from the hidden options."""
    mine = bytes.fromhex(identity) if identity else None
    return Ties(listen_fd, ready_fd, lifeline_fd, mine, tuple(bytes.fromhex(one) for one in after))


def listen(settings: Settings) -> socket.socket:
    """A socket bound to HOST and PORT.

    Raises:
        WrongGiven: the address is not this machine's, or somebody else listens there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(1024)
    except OSError as problem:
        where = f"{settings.host} port {settings.port}"
        raise WrongGiven(f"HOST and PORT: cannot listen on {where} ({problem.strerror})") from problem
    return bound
