"""The mail servers there are: the installation's, and those that tenants bring. Each has its own breaker."""

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.config import current as settings
from app.features.messages import smtp
from app.features.messages.smtp import Line, MailServer
from app.features.tenants import mailing
from app.features.tenants import service as tenants

AT_ONCE = 2
"""Lines to one tenant's server in each process: of the four that send, some are always there for others."""
MOST_REMEMBERED = 1000


class Breaker:
    """Leaves a mail server alone that cannot be used: 5 s at first, up to a minute, then asks with one mail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server is to be left alone now."""
        return time.monotonic() < self._closed_at

    @property
    def left(self) -> timedelta:
        """How long it is still left alone."""
        return timedelta(seconds=max(0.0, self._closed_at - time.monotonic()))

    @property
    def is_trying(self) -> bool:
        """Whether the next mail is the one that finds out."""
        return self._failures > 0

    def trip(self) -> timedelta:
        """The server could not be used; returns how long it is left alone."""
        with self._lock:
            self._failures += 1
            pause = min(60.0, 5.0 * 2 ** min(self._failures - 1, 4))
            self._closed_at = time.monotonic() + pause
        return timedelta(seconds=pause)

    def mend(self) -> None:
        """The server was used: all is well."""
        self._failures, self._closed_at = 0, 0.0


@dataclass(frozen=True)
class Server:
    """One mail server, how it does, and how many may talk to it."""

    mail: MailServer
    breaker: Breaker = field(default_factory=Breaker)
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))


_servers: dict[str, Server] = {}
_lock = threading.Lock()


def house() -> Server | None:
    """The installation's, as `SMTP_URL` says."""
    url = settings().smtp_url
    return _known(url, is_strangers=False) if url is not None else None


def of_tenant() -> Server | None:
    """The one by which mail of the tenant that is set leaves: its own, else the installation's."""
    url = mailing.own_url()
    return _known(url, is_strangers=not tenants.current().is_operator) if url is not None else house()


def _known(url: str, *, is_strangers: bool) -> Server:
    key = f"{'strangers ' if is_strangers else ''}{url}"
    found = _servers.get(key)
    if found is None:
        with _lock:
            if len(_servers) >= MOST_REMEMBERED:
                _servers.clear()
            found = _servers.setdefault(key, Server(replace(smtp.read_url(url), is_strangers=is_strangers)))
    return found


def forget() -> None:
    """Begin with whole breakers."""
    _servers.clear()


class Lines:
    """The connections of one round, one to each server, opened when first needed."""

    def __init__(self) -> None:
        self._open: dict[int, Line] = {}

    def to(self, server: Server) -> Line:
        """The line to `server`."""
        line = self._open.get(id(server))
        if line is None:
            line = self._open[id(server)] = Line(server.mail, own_name=settings().app_host)
        return line

    def close(self) -> None:
        """Say goodbye on all of them."""
        for line in self._open.values():
            line.close()
        self._open.clear()
