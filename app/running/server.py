"""waitress, made to end well: it stops accepting, then finishes every request whose bytes it took."""

import json
import secrets
import socket
import time
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

THREADS = 4
"""More threads make SQLite pages slower (SPEED.md): scale by processes."""
DRAIN_SECONDS = 25.0
LINGER_SECONDS = 2.0
"""How long a kept-alive connection may still bring a request while the server ends, and a refused client may
still send before it is cut off."""
RECEIVE_SECONDS = 30.0
"""A request must have arrived whole after so long: nobody holds a connection by dripping bytes."""
IDLE_SECONDS = 75

_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
]


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress is untyped
    """Refuses what two readers might understand in two ways."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding exclude each other")


class _Answer(WSGITask):  # type: ignore[misc]  # waitress is untyped
    """An answer; while the server ends, the last one on its connection."""

    def build_response_header(self) -> bytes:
        if self.channel.server.is_draining and self.channel.has_only_one:
            self.request.headers["CONNECTION"] = "close"
        return bytes(super().build_response_header())


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress is untyped
    """What cannot be parsed, or is far too large, is refused here, without naming the server."""

    def execute(self) -> None:
        error = self.request.error
        request_id = secrets.token_hex(12)
        problem = {
            "type": "about:blank",
            "title": error.reason,
            "status": error.code,
            "detail": "The request is too large." if error.code in {413, 431} else "The request is malformed.",
            "code": "too_large" if error.code in {413, 431} else "bad_request",
            "errors": [],
            "request_id": request_id,
            "success": False,
        }
        problem["error"] = problem["detail"]
        body = json.dumps(problem).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(
            [*_HEADERS, ("Content-Type", "application/problem+json"), ("X-Request-Id", request_id)]
        )
        self.set_close_on_finish()
        self.channel.is_refused = True
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress is untyped
    """One connection."""

    parser_class = _Parser
    task_class = _Answer
    error_task_class = _Refusal
    receiving_since: float | None = None
    is_refused = False
    lingers_until: float | None = None

    def received(self, data: bytes) -> bool:
        taken = bool(super().received(data))
        if self.request is None:
            self.receiving_since = None
        elif self.receiving_since is None:
            self.receiving_since = time.monotonic()
        return taken

    def readable(self) -> bool:
        return self.lingers_until is not None or bool(super().readable())

    def handle_read(self) -> None:
        if self.lingers_until is None:
            super().handle_read()
        else:
            self.recv(self.adj.recv_bytes)  # what comes after a refusal is not wanted; at its end this closes

    def handle_close(self) -> None:
        """Close; after a refusal let the client read it first, who may still be sending."""
        if self.is_refused and self.lingers_until is None and self.connected:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                super().handle_close()
                return
            self.lingers_until = time.monotonic() + LINGER_SECONDS
            self.will_close = self.close_when_flushed = False
            self.request, self.receiving_since = None, None
            return
        super().handle_close()

    @property
    def has_only_one(self) -> bool:
        """Whether nothing was taken beyond the request that is being answered."""
        return len(self.requests) == 1 and self.request is None

    @property
    def is_idle(self) -> bool:
        """Nothing taken, nothing being answered, nothing left to send."""
        return not self.requests and self.request is None and not self.total_outbufs_len


class HashingAside(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress is untyped
    """Requests that spend their time on a password hash queue in a lane of their own, one at a time.

    However many sign in, the other threads go on answering pages, and one
    hash's memory is held, not one a thread.
    """

    def __init__(self, slow: frozenset[str]) -> None:
        super().__init__()
        self._slow = slow
        self._lane = ThreadedTaskDispatcher()
        self._lane.set_thread_count(1)

    def add_task(self, task: Any) -> None:
        """Queue the channel's next request where it belongs."""
        request = task.requests[0] if task.requests else None
        asked = getattr(request, "command", None), getattr(request, "path", "")  # what is garbled has neither
        if asked[0] == "POST" and asked[1] in self._slow:
            self._lane.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End both lanes' threads."""
        ended = self._lane.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout)) and bool(ended)


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress is untyped
    """Serves `application` on a socket that is bound already and may be shared with other processes."""

    channel_class = _Channel

    def __init__(
        self, application: Any, listener: socket.socket, *, max_body: int, slow: frozenset[str] = frozenset()
    ) -> None:
        settings = Adjustments(
            threads=THREADS,
            ident=None,
            connection_limit=1000,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            max_request_body_size=max_body,
            max_request_header_size=96 * 1024,
            # Forwarding headers are judged by the panel itself, against TRUSTED_PROXIES.
            clear_untrusted_proxy_headers=False,
            expose_tracebacks=False,
            asyncore_use_poll=True,
            listen="127.0.0.1:0",  # not listened on: the socket is there already
        )
        self.is_draining = False
        dispatcher = HashingAside(slow)
        dispatcher.set_thread_count(settings.threads)
        super().__init__(
            application,
            {},
            True,
            listener,
            dispatcher=dispatcher,
            adj=settings,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )

    def drain_soon(self) -> None:
        """Begin to end. May be called from a signal handler, and twice."""
        if not self.is_draining:
            self.is_draining = True
            self.pull_trigger()

    def run(self) -> None:
        """Serve until `drain_soon`, then finish what is in hand."""
        while not self.is_draining:
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._map, count=1)
        self._stop_accepting()
        began = time.monotonic()
        while self.active_channels and time.monotonic() < began + DRAIN_SECONDS:
            if time.monotonic() > began + LINGER_SECONDS:
                self._close_idle()
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def maintenance(self, now: float) -> None:
        """Close connections that are idle too long, drip, or were refused a while ago."""
        super().maintenance(now)
        moment = time.monotonic()
        for channel in self.active_channels.values():
            drips = channel.receiving_since is not None and channel.receiving_since < moment - RECEIVE_SECONDS
            is_over = channel.lingers_until is not None and channel.lingers_until < moment
            if is_over or (drips and not channel.requests):
                channel.will_close = True

    def _stop_accepting(self) -> None:
        """Take the connections that are waiting already, then leave the socket to others."""
        known = -1
        while known != len(self.active_channels):
            known = len(self.active_channels)
            self.handle_accept()
        self.accepting = False
        self.del_channel()
        self.socket.close()

    def _close_idle(self) -> None:
        """Close kept-alive connections on which nothing is on its way in."""
        for channel in list(self.active_channels.values()):
            if channel.is_idle and not _has_bytes(channel.socket):
                channel.will_close = True


def _has_bytes(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False
