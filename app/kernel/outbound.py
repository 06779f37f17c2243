"""The one place that talks to strangers: checked, pinned, bounded in time and size, and with no secrets of ours.

A host is resolved once and every one of its addresses must be allowed; the
connection goes to the address that was checked, and TLS still proves the name.
No redirect is followed, nothing is taken from the environment (proxies,
.netrc), no cookie is kept, nothing is decompressed. The time-out counts for
the whole exchange, so that a receiver that drips gains nothing.

HTTP itself is h11's, which leaves sockets to us: the libraries that bring
their own sockets (urllib3, httpx) time each read alone and resolve by
themselves. Names are resolved by dnspython, whose time limit holds.
"""

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.kernel import addresses
from app.kernel.addresses import Address, Network, Refused, Target

__all__ = ["Answer", "Refused", "check_headers", "check_url", "configure", "longest", "send"]

MOST_BODY = 64 * 1024
"""Bytes of an answer that are kept; then the connection is closed."""
MOST_HEAD = 32 * 1024
"""Bytes of an answer's status line and headers."""
MOST_PRELUDE = 16
"""Interim answers (1xx) before the real one."""
DNS_SECONDS, CONNECT_SECONDS = 5.0, 10.0
MOST_ADDRESSES = 4
MOST_OWN_HEADERS, MOST_OWN_BYTES = 20, 8 * 1024
_CHUNK = 16 * 1024

NOT_CONNECTED = "Could not connect."
"""All that is said of a host that cannot be reached, whether it is absent, private, silent or refuses."""
_RESERVED = frozenset(
    (
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie",
        "date", "expect", "forwarded", "host", "keep-alive", "range", "set-cookie", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent", "via",
    )
)  # fmt: skip
_RESERVED_BEGINNINGS = ("webhook-", "x-mpanel-", "proxy-", "x-forwarded-", "sec-", "svix-")
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_CERTIFICATE_PROBLEMS = {
    10: "Its certificate has expired.",
    62: "Its certificate is for another name.",
    64: "Its certificate is for another address.",
}
"""OpenSSL's X509_V_ERR codes."""


@dataclass(frozen=True)
class _Rules:
    timeout: float = 30.0
    networks: tuple[Network, ...] = ()
    authorities: Path | None = None
    name_server: tuple[str, int] | None = None


@dataclass(frozen=True)
class Answer:
    """What came of one request. `status` is 0 when no whole answer came, and `problem` then says why."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    is_cut: bool = False
    """Whether the body was longer than is kept."""
    problem: str = ""
    """For the tenant's eyes."""
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        """Whether it is a whole answer with a 2xx."""
        return 200 <= self.status < 300 and not self.problem

    def header(self, name: str) -> str:
        """The first header of that name (lower case), or an empty text."""
        return next((value for own, value in self.headers if own == name), "")


class Failed(Exception):
    """The exchange did not come to a whole answer; the text may be shown."""


class _State:
    rules = _Rules()
    context: ssl.SSLContext | None = None


def configure(
    *,
    timeout: float = 30.0,
    networks: Sequence[Network] = (),
    authorities: Path | None = None,
    name_server: tuple[str, int] | None = None,
) -> None:
    """Say how long an exchange may take (seconds) and which networks of the operator's own are admitted.

    `authorities` (a PEM file) and `name_server` replace the system's.
    """
    _State.rules = _Rules(timeout, tuple(networks), authorities, name_server)
    _State.context = None


def longest() -> float:
    """Seconds that an exchange may take."""
    return _State.rules.timeout


def check_url(url: str) -> Target:
    """Check an address when it comes in; no name is resolved.

    Raises:
        Refused: the panel will not send there.
    """
    return addresses.read(url, _State.rules.networks)


def check_headers(given: Mapping[str, str]) -> dict[str, str]:
    """Headers that somebody wants to be sent along, as they may be: names in lower case.

    Raises:
        Refused: one is ours to set, or is none.
    """
    if len(given) > MOST_OWN_HEADERS or sum(len(name) + len(value) for name, value in given.items()) > MOST_OWN_BYTES:
        raise Refused(f"At most {MOST_OWN_HEADERS} headers of {MOST_OWN_BYTES // 1024} KiB together.")
    found: dict[str, str] = {}
    for name, value in given.items():
        own = name.strip(" ").lower()
        if not own or not set(own) <= _TOKEN or len(own) > 100:
            raise Refused(f"{name[:40]!r} is not the name of a header.")
        if own in _RESERVED or own.startswith(_RESERVED_BEGINNINGS):
            raise Refused(f"The header {own} is set by the panel.")
        if own in found:
            raise Refused(f"The header {own} is given twice.")
        if not value.isascii() or any(not " " <= sign <= "~" for sign in value):
            raise Refused(f"The value of {own} must be one line of plain characters.")
        found[own] = value.strip()
    return found


def send(
    url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = "POST", timeout: float = 0
) -> Answer:
    """One request to a stranger. Never raises for what the stranger does; takes `timeout` seconds at most.

    `headers` are sent as they are: those that a tenant chose have passed `check_headers`.
    """
    began = time.monotonic()
    deadline = began + (timeout or _State.rules.timeout)
    try:
        answer = _exchange(url, method, body, headers or {}, deadline)
    except (Failed, Refused) as problem:
        answer = Answer(problem=str(problem))
    return replace(answer, milliseconds=int((time.monotonic() - began) * 1000))


def _exchange(url: str, method: str, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    target = check_url(url)
    line = connect(target, allowed(target, deadline), deadline)
    try:
        if target.is_secure:
            line = _secured(line, target, deadline)
        return _Conversation(line, deadline).ask(target, method, body, headers)
    except TimeoutError as problem:
        raise Failed("It did not answer in time.") from problem
    except OSError as problem:
        raise Failed("The connection broke before a whole answer came.") from problem
    finally:
        line.close()


def allowed(target: Target, deadline: float) -> list[Address]:
    """The addresses behind the target; all of them must be allowed, or none is used."""
    rules = _State.rules
    found = [target.address] if target.address is not None else _resolve(target.host, deadline)
    right = addresses.is_open if target.is_secure else addresses.is_inside
    if not found or not all(right(address, rules.networks) for address in found):
        raise Failed(NOT_CONNECTED)
    return found[:MOST_ADDRESSES]


def _resolve(name: str, deadline: float) -> list[Address]:
    import dns.exception
    import dns.resolver

    server = _State.rules.name_server
    try:
        resolver = dns.resolver.Resolver(configure=server is None)
        if server is not None:
            resolver.nameservers, resolver.port = [server[0]], server[1]
        found = resolver.resolve_name(f"{name}.", lifetime=max(0.1, min(DNS_SECONDS, deadline - time.monotonic())))
        return [addresses.parse(text) for text in found.addresses()]
    except (dns.exception.DNSException, OSError, ValueError) as problem:
        raise Failed(NOT_CONNECTED) from problem


def connect(target: Target, found: Sequence[Address], deadline: float) -> socket.socket:
    """A line to the first of the checked addresses that takes one."""
    for address in found:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(max(0.1, min(CONNECT_SECONDS, deadline - time.monotonic())))
            line.connect((str(address), target.port))
            return line
        except OSError:
            line.close()
    raise Failed(NOT_CONNECTED)


def _secured(line: socket.socket, target: Target, deadline: float) -> ssl.SSLSocket:
    """TLS over `line`, with the certificate proved for the target's name, whatever address that is."""
    line.settimeout(max(0.1, deadline - time.monotonic()))
    try:
        return _context().wrap_socket(line, server_hostname=target.host)
    except ssl.SSLCertVerificationError as problem:
        known = _CERTIFICATE_PROBLEMS.get(problem.verify_code, "Its certificate is not one that is trusted.")
        raise Failed(known) from problem
    except ssl.SSLError as problem:
        raise Failed("No secure connection could be made; TLS 1.2 or newer is needed.") from problem


def _context() -> ssl.SSLContext:
    """The system's trusted authorities, or certifi's where the system has none."""
    if _State.context is None:
        paths, chosen = ssl.get_default_verify_paths(), _State.rules.authorities
        if chosen is None and paths.cafile is None and paths.capath is None:
            import certifi

            chosen = Path(certifi.where())
        made = ssl.create_default_context(cafile=str(chosen) if chosen else None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        _State.context = made
    return _State.context


class _Conversation:
    """One request and its answer over a connected line."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        import h11

        self._h11 = h11
        self._line, self._deadline = line, deadline
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)

    def ask(self, target: Target, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it all, then listen until the answer is whole or there is enough of it."""
        h11 = self._h11
        own = {"host": target.authority, **headers, "content-length": str(len(body)), "connection": "close"}
        request = h11.Request(method=method, target=target.path, headers=list(own.items()))
        said = [self._http.send(part) for part in (request, h11.Data(data=body), h11.EndOfMessage())]
        self._patience()
        self._line.sendall(b"".join(part or b"" for part in said))
        try:
            return self._listen()
        except h11.RemoteProtocolError as problem:
            raise Failed("What it answered is not HTTP as it should be.") from problem

    def _listen(self) -> Answer:
        head: Any = None
        kept, preludes = bytearray(), 0
        while True:
            event = self._next()
            if isinstance(event, self._h11.InformationalResponse):
                preludes += 1
                if preludes > MOST_PRELUDE:
                    raise Failed("What it answered is not HTTP as it should be.")
            elif isinstance(event, self._h11.Response):
                head = event
            elif isinstance(event, self._h11.Data):
                kept += event.data
            if len(kept) > MOST_BODY or isinstance(event, self._h11.EndOfMessage):
                named = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
                return Answer(head.status_code, named, bytes(kept[:MOST_BODY]), len(kept) > MOST_BODY)

    def _next(self) -> Any:
        while (event := self._http.next_event()) is self._h11.NEED_DATA:
            self._patience()
            self._http.receive_data(self._line.recv(_CHUNK))
        if isinstance(event, self._h11.ConnectionClosed):
            raise Failed("The connection broke before a whole answer came.")
        return event

    def _patience(self) -> None:
        """What is left of the whole time, for the next word on the line."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._line.settimeout(left)
