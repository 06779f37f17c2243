"""The network is absent: Python's own sockets reach this machine and nothing else."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

_NAMES = {"localhost", "", None}


class OutsideWorld(RuntimeError):
    """A test tried to reach another machine."""


def forbid() -> Callable[[], None]:
    """Refuse every connection that leaves this machine; returns what lifts the ban."""
    real = (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo)

    def connect(self: socket.socket, address: Any) -> None:
        _check(self, address)
        real[0](self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return real[1](self, address)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in _NAMES and not _is_here(name):
            raise OutsideWorld(f"a test asked for the address of {name}")
        return real[2](host, *args, **kwargs)

    def lift() -> None:
        socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo = real  # type: ignore[method-assign]

    socket.socket.connect = connect  # type: ignore[method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = getaddrinfo
    return lift


def _check(found: socket.socket, address: Any) -> None:
    if found.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
        raise OutsideWorld(f"a test tried to reach {address[0]}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in _NAMES
