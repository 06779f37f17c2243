"""A receiver of webhooks on 127.0.0.2 that keeps, and checks, what it is told, and misbehaves on request.

Panels that shall reach it want `WEBHOOK_ALLOW_NETWORKS=127.0.0.2/32`. What a
path does: `/hang`, `/drip`, `/big`, `/reset`, `/chunks`, `/garbage`,
`/redirect` do as they are called, `/status/418` answers that; any other path
(and whatever follows) does as `behave` said, 204 by default.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import standardwebhooks
import svix.webhooks

ALLOW = "127.0.0.2/32"

Behaviour = Callable[["Told"], int | tuple[int, dict[str, str]] | tuple[int, dict[str, str], bytes]]
"""Status, or status and headers, or with a body besides."""


@dataclass(frozen=True)
class Told:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    at: float = field(default_factory=time.time)
    """The machine's clock."""
    tick: float = field(default_factory=time.perf_counter)

    @property
    def json(self) -> Any:
        """The payload."""
        return json.loads(self.body)

    @property
    def event(self) -> str:
        """What happened."""
        return str(self.json["event"])

    @property
    def data(self) -> dict[str, Any]:
        """What it happened to."""
        return dict(self.json["data"])

    @property
    def id(self) -> str:
        """The `webhook-id`: the same in every attempt."""
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> None:
        """Check it by both libraries that receivers use, and by hand.

        Raises:
            standardwebhooks.WebhookVerificationError, AssertionError: it is not ours.
        """
        standardwebhooks.Webhook(secret).verify(self.body, self.headers)
        svix.webhooks.Webhook(secret).verify(self.body, self.headers)
        verify_by_hand(self, secret)


def verify_by_hand(told: Told, secret: str) -> None:
    """Both signatures, computed from nothing but the two specifications."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = told.headers["webhook-timestamp"].encode()
    signed = hmac.new(key, told.id.encode() + b"." + stamp + b"." + told.body, hashlib.sha256).digest()
    assert "v1," + base64.b64encode(signed).decode() in told.headers["webhook-signature"].split()
    newest = hmac.new(secret.encode(), stamp + b"." + told.body, hashlib.sha256).hexdigest()
    assert told.headers["x-mpanel-signature"] == f"sha256={newest}"


class Receiver:
    """An HTTP server. `told` is what it heard, in order; with `secret` set, each is verified as it comes."""

    def __init__(self, host: str = "127.0.0.2") -> None:
        self.host = host
        self.secret = ""
        self.secrets: dict[str, str] = {}
        """By path: for receivers that stand for many endpoints."""
        self.told: list[Told] = []
        self.unverified: list[str] = []
        """What was wrong with deliveries that did not verify."""
        self.hang_seconds = 60.0
        self._behaviour: Behaviour = lambda _told: 204
        self._arrived = threading.Condition()
        self._end = threading.Event()
        self._server = _Server(self, host)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, as an endpoint wants it."""
        return f"http://{self.host}:{self.port}"

    def behave(self, behaviour: Behaviour | int) -> None:
        """Answer so from now on: a status, or a function of what came."""
        self._behaviour = behaviour if callable(behaviour) else lambda _told: behaviour

    def wait(self, count: int = 1, *, event: str = "", within: float = 20) -> list[Told]:
        """Wait until `count` deliveries (of `event`) are here and return all of them.

        Raises:
            TimeoutError: fewer came within `within` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.of(event)) >= count, within):
                names = [told.event for told in self.told]
                raise TimeoutError(f"{len(self.of(event))} of {count} {event} came within {within:g} s: {names}")
            return self.of(event)

    def of(self, event: str) -> list[Told]:
        """Those of one event, or all."""
        return [told for told in self.told if not event or told.event == event]

    def stop(self) -> None:
        """Be away."""
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # Called by the handler.
    def hear(self, told: Told) -> None:
        """Keep what came, and check it."""
        secret = self.secrets.get(told.path, self.secret)
        if secret:
            try:
                told.verify(secret)
            except (AssertionError, standardwebhooks.WebhookVerificationError) as problem:
                self.unverified.append(f"{told.path}: {problem!r}")
        with self._arrived:
            self.told.append(told)
            self._arrived.notify_all()

    def sleep(self, seconds: float) -> bool:
        """Wait so long; True when the receiver is being stopped."""
        return self._end.wait(seconds)

    def decide(self, told: Told) -> tuple[int, dict[str, str], bytes]:
        """What to answer."""
        if told.path.startswith("/status/"):
            return int(told.path.split("/")[2]), {}, b""
        given = self._behaviour(told)
        if isinstance(given, int):
            return given, {}, b""
        return (given[0], given[1], b"") if len(given) == 2 else given


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, receiver: Receiver, host: str) -> None:
        self.receiver = receiver
        super().__init__((host, 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that the panel cut are no news."""


class _Handler(BaseHTTPRequestHandler):
    """Hears one request and answers it as its path says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        names = {name.lower(): value for name, value in self.headers.items()}
        told = Told(self.path, names, body)
        self.receiver.hear(told)
        with contextlib.suppress(OSError):
            self._answer(told)

    do_GET = do_PUT = do_POST  # noqa: N815

    def _answer(self, told: Told) -> None:
        special = getattr(self, "_" + told.path.strip("/").split("/")[0], None)
        if special is not None and told.path.strip("/").split("/")[0] in SPECIAL:
            special()
            return
        status, headers, content = self.receiver.decide(told)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _hang(self) -> None:
        self.receiver.sleep(self.receiver.hang_seconds)
        self.close_connection = True

    def _drip(self) -> None:
        for letter in _forever(b"HTTP/1.1 200 OK\r\nX-Long: "):
            self.wfile.write(letter)
            self.wfile.flush()
            if self.receiver.sleep(1.0):
                return

    def _big(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        block = b"x" * 100_000
        for _ in range(1000):
            self.wfile.write(block)

    def _chunks(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            self.wfile.write(b"4\r\nabcd\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _garbage(self) -> None:
        self.wfile.write(b"NOT HTTP AT ALL\r\n\r\n")
        self.close_connection = True

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        return

    @property
    def receiver(self) -> Receiver:
        return cast(_Server, self.server).receiver


SPECIAL = {"hang", "drip", "big", "chunks", "reset", "garbage", "redirect"}


def _forever(head: bytes) -> Iterator[bytes]:
    for letter in head:
        yield bytes([letter])
    while True:
        yield b"x"


class Canary:
    """Listeners on 127.0.0.1 and ::1 that must see nobody."""

    def __init__(self, port: int = 0) -> None:
        self.visits = 0
        self._end = threading.Event()
        self._sockets = [socket.create_server(("127.0.0.1", port))]
        self.port = int(self._sockets[0].getsockname()[1])
        with contextlib.suppress(OSError):
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [threading.Thread(target=self._watch, args=(one,), daemon=True) for one in self._sockets]
        for thread in self._threads:
            thread.start()

    def _watch(self, listening: socket.socket) -> None:
        listening.settimeout(0.05)
        while not self._end.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listening.accept()
                self.visits += 1
                connection.close()

    def stop(self) -> None:
        """Listen no more."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()
