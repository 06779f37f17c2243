"""Strangers to talk to: a name server that lies, servers that say any bytes, TLS of every quality."""

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import trustme
from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer


class _Quiet:
    """dnslib's logger, without a word."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments: None


class NameServer(BaseResolver):  # type: ignore[misc]  # dnslib is untyped
    """A DNS server on loopback that says what it is told to, with a life of no second."""

    def __init__(self) -> None:
        self._says: dict[str, Iterator[list[str]]] = {}
        self._aliases: dict[str, str] = {}
        self._is_silent = False
        self.asked: list[str] = []
        self._server = DNSServer(self, address="127.0.0.1", port=0, logger=_Quiet())
        self.address = ("127.0.0.1", int(self._server.server.server_address[1]))
        threading.Thread(target=self._server.server.serve_forever, args=(0.02,), daemon=True).start()

    def say(self, name: str, *addresses: str) -> None:
        """Answer so for `name`."""
        self._says[name] = itertools.repeat(list(addresses))

    def take_turns(self, name: str, *answers: list[str]) -> None:
        """One answer after the other, for questions about IPv4."""
        self._says[name] = itertools.cycle(answers)

    def alias(self, name: str, target: str) -> None:
        """Answer with another name."""
        self._aliases[name] = target

    def hush(self) -> None:
        """Answer nothing any more."""
        self._is_silent = True

    def stop(self) -> None:
        """Be away."""
        self._server.server.shutdown()
        self._server.server.server_close()

    def resolve(self, request: Any, _handler: Any) -> Any:
        """Called by dnslib."""
        name, kind = str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        self.asked.append(name)
        if self._is_silent:
            raise TimeoutError
        reply = request.reply()
        while name in self._aliases:
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(self._aliases[name]), ttl=0))
            name = self._aliases[name]
        if name not in self._says:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        self._add(reply, name, kind)
        return reply

    def _add(self, reply: DNSRecord, name: str, kind: str) -> None:
        said = self._says[name]
        is_turning = isinstance(said, itertools.cycle)
        if is_turning and kind != "A":
            return
        for address in next(said):
            if (":" in address) == (kind == "AAAA"):
                data = AAAA(address) if kind == "AAAA" else A(address)
                reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=data, ttl=0))


class Visits:
    """How often somebody came to `port`."""

    def __init__(self, port: int) -> None:
        self.port, self.count = port, 0


@contextlib.contextmanager
def raw_server(said: bytes | Callable[[socket.socket], None], *, port: int = 0) -> Iterator[Visits]:
    """A server on 127.0.0.2 that says these bytes, or does as the function does, and hangs up."""
    listening = socket.create_server(("127.0.0.2", port))
    visits = Visits(int(listening.getsockname()[1]))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listening.accept()
                visits.count += 1
                threading.Thread(target=answer, args=(line,), daemon=True).start()

    def answer(line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.recv(65536)
            if callable(said):
                said(line)
            else:
                line.sendall(said)
                line.shutdown(socket.SHUT_WR)
                line.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield visits
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


class TlsServer:
    """Answers 204 on 127.0.0.2 under `certificate`, speaking TLS up to `newest`."""

    def __init__(self, certificate: trustme.LeafCert, *, newest: ssl.TLSVersion | None = None) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest is not None:
            self._context.set_ciphers("ALL:@SECLEVEL=0")
            self._context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
            with _warnings_off():
                self._context.minimum_version = ssl.TLSVersion.TLSv1
                self._context.maximum_version = newest
        certificate.configure_cert(self._context)
        self._listening = socket.create_server(("127.0.0.2", 0))
        self.port = int(self._listening.getsockname()[1])

    def __enter__(self) -> "TlsServer":
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                with contextlib.suppress(OSError), self._context.wrap_socket(line, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")


@contextlib.contextmanager
def _warnings_off() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
