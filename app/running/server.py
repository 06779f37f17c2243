"""waitress, made to end well: it stops accepting, then finishes every request whose bytes it took."""

import json
import secrets
import socket
import time
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

THREADS = 4
"""More threads make SQLite pages slower (SPEED.md): scale by processes."""
DRAIN_SECONDS = 25.0
LINGER_SECONDS = 2.0
"""How long a kept-alive connection may still bring a request while the server ends; its answer closes it."""
RECEIVE_SECONDS = 30.0
"""A request must have arrived whole after so long: nobody holds a connection by dripping bytes."""
IDLE_SECONDS = 75

_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
]


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
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress is untyped
    """One connection."""

    error_task_class = _Refusal
    receiving_since: float | None = None

    def received(self, data: bytes) -> bool:
        taken = bool(super().received(data))
        if self.request is None:
            self.receiving_since = None
        elif self.receiving_since is None:
            self.receiving_since = time.monotonic()
        return taken

    def service(self) -> None:
        if self.server.is_draining and len(self.requests) == 1 and self.request is None:
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()

    @property
    def is_idle(self) -> bool:
        """Nothing taken, nothing being answered, nothing left to send."""
        return not self.requests and self.request is None and not self.total_outbufs_len


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress is untyped
    """Serves `application` on a socket that is bound already and may be shared with other processes."""

    channel_class = _Channel

    def __init__(self, application: Any, listener: socket.socket, *, max_body: int) -> None:
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
            sockets=[listener],
        )
        self.is_draining = False
        dispatcher = ThreadedTaskDispatcher()
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

    def maintenance(self, now: float) -> None:
        """Close connections that are idle too long or drip."""
        super().maintenance(now)
        latest = time.monotonic() - RECEIVE_SECONDS
        for channel in self.active_channels.values():
            if not channel.requests and channel.receiving_since is not None and channel.receiving_since < latest:
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
