"""The web server at its edges: what it refuses itself, and how it ends."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.running import server as running
from app.running.server import Server


class Served:
    """A server in a thread, with an application that answers slowly when told so."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.server = Server(self.answer, listener, max_body=1000)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def answer(self, environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            self.begun.set()
            self.go_on.wait(10)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def end(self) -> None:
        self.server.drain_soon()
        self.go_on.set()
        self.thread.join(30)


@pytest.fixture
def served(monkeypatch) -> Iterator[Served]:
    monkeypatch.setattr(running, "LINGER_SECONDS", 0.3)
    monkeypatch.setattr(running, "RECEIVE_SECONDS", 0.5)
    found = Served()
    found.server.adj.cleanup_interval = 0
    yield found
    found.end()


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    got = b""
    while part := connection.recv(65536):
        got += part
    return got


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + b"a" * 400_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_cannot_be_read_is_a_problem_that_does_not_name_the_server(served, words, status):
    with served.connect() as connection:
        connection.sendall(words)
        head, _, body = everything(connection).partition(b"\r\n\r\n")

    assert head.split(b" ")[1] == str(status).encode()
    assert b"application/problem+json" in head and b"nosniff" in head
    assert json.loads(body)["status"] == status
    assert b"waitress" not in (head + body).lower() and b"server:" not in head.lower()


def test_a_client_that_sends_far_too_much_reads_why_it_was_refused(served):
    with served.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + b"a" * 5_000_000)
        assert b" 413 " in everything(connection)


def test_an_answer_does_not_name_the_server(served):
    with served.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"server:" not in everything(connection).lower()


def test_a_request_that_drips_is_cut_off(served):
    with served.connect() as connection:
        started = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nX-Drip: ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() - started < 30:
                connection.sendall(b"a")
                time.sleep(0.1)

    assert time.monotonic() - started < 25


def test_ending_it_finishes_what_was_taken_and_accepts_nothing_new(served):
    with served.connect() as busy, served.connect() as idle:
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert served.begun.wait(5)
        served.server.drain_soon()
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            served.connect().close()
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")  # kept alive from before: still answered
        assert everything(idle).endswith(b"done")
        served.go_on.set()
        answer = everything(busy)

    assert answer.endswith(b"done") and b"Connection: close" in answer
    served.thread.join(5)
    assert not served.thread.is_alive()


def test_idle_connections_do_not_hold_it_up(served):
    with served.connect() as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        got = b""
        while not got.endswith(b"done"):
            got += idle.recv(65536)
        served.server.drain_soon()
        assert everything(idle) == b""
        served.thread.join(5)

    assert not served.thread.is_alive()
