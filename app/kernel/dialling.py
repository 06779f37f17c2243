"""A line to a stranger's server that speaks no HTTP, such as a tenant's mail server: judged as `outbound` judges."""

import socket
import time

from app.kernel import addresses, outbound
from app.kernel.addresses import Refused, Target

_LOWEST_PORT = 1024
MAIL_PORTS = frozenset({25, 465, 587})


class Unreachable(ConnectionError):
    """It is absent, silent, private, or refuses: which of these is not said."""


def check(host: str, port: int) -> Target:
    """The server as it is dialled; no name is resolved.

    Raises:
        Refused: nobody is to be dialled there.
    """
    address, name = addresses.read_host(host)
    target = Target("https", name, port, "", address)  # as strict as with TLS: public addresses alone
    if address is not None:
        try:
            outbound.allowed(target, time.monotonic())
        except outbound.Failed as problem:
            raise Refused("This is not a public address.") from problem
    if port not in MAIL_PORTS and (not _LOWEST_PORT <= port <= 65535 or port in addresses.UNSAFE_PORTS):
        raise Refused("This port is not one of a mail server. Use 25, 465, 587 or one from 1024 on.")
    return target


def dial(host: str, port: int, *, timeout: float) -> socket.socket:
    """A connected line whose every address was checked; each later step on it may take `timeout` seconds.

    Raises:
        Unreachable: there is none to be had.
    """
    deadline = time.monotonic() + timeout
    try:
        target = check(host, port)
        line = outbound.connect(target, outbound.allowed(target, deadline), deadline)
    except (Refused, outbound.Failed) as problem:
        raise Unreachable(str(problem)) from problem
    line.settimeout(timeout)
    return line
