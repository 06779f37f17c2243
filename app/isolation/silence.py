"""The network is absent while the check runs: Python's own sockets connect to nothing but files."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class OutsideWorld(OSError):
    """Something tried to reach a machine by the network."""


@contextmanager
def silence() -> Iterator[None]:
    """Refuse every connection and every name look-up in this process."""
    wanted = {
        (socket.socket, "connect"): _unless_a_file(socket.socket.connect),
        (socket.socket, "connect_ex"): _unless_a_file(socket.socket.connect_ex),
        (socket, "getaddrinfo"): _no_name,
    }
    real = {(owner, name): getattr(owner, name) for owner, name in wanted}
    for (owner, name), value in wanted.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for (owner, name), value in real.items():
            setattr(owner, name, value)


def _unless_a_file(connect: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(self: socket.socket, *arguments: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            raise OutsideWorld("nothing is sent from here")
        return connect(self, *arguments)

    return refuse


def _no_name(*_arguments: Any, **_options: Any) -> Any:
    raise OutsideWorld("no name is looked up here")
