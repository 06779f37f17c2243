"""Talking to the mail server: one connection for many mails, and what each of its answers means."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from app.kernel import dialling

TIMEOUT_SECONDS = 10
"""For every single step of the conversation."""
STRANGERS_SECONDS = 30
"""For everything that one mail takes with a server that a tenant brought: one that drips gains nothing."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TLS = ("auto", "require", "never")


class Outcome(Enum):
    """What became of one attempt."""

    SENT = "sent"
    REFUSED = "refused"
    """For good: the server will not take it."""
    DEFERRED = "deferred"
    """Not now: try again later."""
    UNCERTAIN = "uncertain"
    """The line broke after the message was handed over: it may have arrived."""
    AWAY = "away"
    """The server itself cannot be used: no attempt was made, the message waits."""
    UNWELCOME = "unwelcome"
    """The server takes nothing from this sender, now or at all."""


@dataclass(frozen=True)
class Answer:
    """The outcome, the server's words, and how long it took."""

    outcome: Outcome
    text: str
    milliseconds: int = 0


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, as `SMTP_URL` says."""

    host: str
    port: int
    is_tls: bool
    starttls: str
    user: str = ""
    password: str = field(default="", repr=False)
    is_strangers: bool = False
    """Whether a tenant brought it: its address is checked, and it gets so much time and no more."""


def read_url(url: str) -> MailServer:
    """The server that `url` names: `smtp://user:password@host:port?starttls=auto|require|never`, or `smtps://`.

    Without the parameter STARTTLS is used where the server offers it; with a
    password it is required, unless the server is this machine.

    Raises:
        ValueError: the parameter is none of the three.
    """
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    is_tls = parts.scheme == "smtps"
    secret = unquote(parts.password or "")
    default = "require" if secret and host not in LOOPBACK else "auto"
    starttls = parse_qs(parts.query).get("starttls", [default])[-1]
    if starttls not in TLS:
        raise ValueError(f"SMTP_URL: starttls must be one of {', '.join(TLS)}")
    port = parts.port or (465 if is_tls else 25)
    return MailServer(host, port, is_tls, starttls, unquote(parts.username or ""), secret)


class _Dialled(smtplib.SMTP):
    """SMTP over a line to a checked address; TLS still proves the name. `on_line` is told the line at once."""

    def __init__(self, *given: Any, on_line: Callable[[socket.socket], None], **named: Any) -> None:
        self._on_line = on_line
        super().__init__(*given, **named)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = dialling.dial(host, port, timeout=timeout)
        self._on_line(line)
        return line


class _DialledTls(smtplib.SMTP_SSL, _Dialled):
    """The same, with TLS from the first byte: `SMTP_SSL` wraps what `_Dialled` has connected."""


@dataclass(frozen=True)
class Parcel:
    """One mail ready to be handed in."""

    sender: str
    recipient: str
    content: bytes


class Line:
    """A connection that is opened when first needed, used for many mails, and opened anew when it has died."""

    def __init__(self, server: MailServer, *, own_name: str) -> None:
        self._server, self._own_name = server, own_name
        self._connection: smtplib.SMTP | None = None
        self._held: socket.socket | None = None

    def send(self, parcel: Parcel) -> Answer:
        """Hand in one mail. Never raises for what the network or the server does."""
        started = time.perf_counter()
        outcome, text = self._send_watched(parcel) if self._server.is_strangers else self._send(parcel)
        return Answer(outcome, text, round((time.perf_counter() - started) * 1000))

    def _send_watched(self, parcel: Parcel) -> tuple[Outcome, str]:
        """With a server that a tenant brought: the line is cut when it takes too long in all."""
        watch = threading.Timer(STRANGERS_SECONDS, self._cut)
        watch.start()
        try:
            return self._send(parcel)
        finally:
            watch.cancel()

    def _send(self, parcel: Parcel) -> tuple[Outcome, str]:
        was_open = self._connection is not None
        try:
            connection = self._ready()
            refusal = self._introduce(connection, parcel)
        except (OSError, smtplib.SMTPException) as problem:
            self.close()
            if was_open:
                return self._send(parcel)  # it had gone to sleep; the new one is asked once
            return Outcome.AWAY, _words(problem)
        return refusal or self._hand_over(connection, parcel)

    def _ready(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        server = self._server
        kind: Any = smtplib.SMTP_SSL if server.is_tls else smtplib.SMTP
        if server.is_strangers:
            kind = partial(_DialledTls if server.is_tls else _Dialled, on_line=self._hold)
        more = {"context": ssl.create_default_context()} if server.is_tls else {}
        connection: smtplib.SMTP = kind(server.host, server.port, self._own_name, timeout=TIMEOUT_SECONDS, **more)
        self._connection = connection
        connection.ehlo_or_helo_if_needed()
        if not server.is_tls and server.starttls != "never":
            self._encrypt(connection)
        if server.user:
            connection.login(server.user, server.password)
        return connection

    def _hold(self, line: socket.socket) -> None:
        """Keep a second handle on the line, by which it can be cut while somebody waits on it."""
        self._drop_held()
        self._held = line.dup()

    def _cut(self) -> None:
        held = self._held
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def _drop_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _encrypt(self, connection: smtplib.SMTP) -> None:
        if connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif self._server.starttls == "require":
            raise smtplib.SMTPNotSupportedError("The mail server offers no STARTTLS, and it is required")

    def _introduce(self, connection: smtplib.SMTP, parcel: Parcel) -> tuple[Outcome, str] | None:
        """Name sender and recipient; the refusal if there is one."""
        code, said = connection.mail(parcel.sender)
        if code != 250:
            self._forget(connection, code)
            known = {552: Outcome.REFUSED, 421: Outcome.AWAY}  # too large; it is closing
            return known.get(code, Outcome.UNWELCOME), _said(code, said)
        code, said = connection.rcpt(parcel.recipient)
        if code not in {250, 251}:
            self._forget(connection, code)
            return _meaning(code), _said(code, said)
        return None

    def _hand_over(self, connection: smtplib.SMTP, parcel: Parcel) -> tuple[Outcome, str]:
        try:
            code, said = connection.data(parcel.content)
        except smtplib.SMTPDataError as problem:  # it did not want the content at all
            self._forget(connection, problem.smtp_code)
            return _meaning(problem.smtp_code), _said(problem.smtp_code, problem.smtp_error)
        except (OSError, smtplib.SMTPException) as problem:
            self.close()
            return Outcome.UNCERTAIN, f"It was handed over, and no answer came. {_words(problem)}"
        if code == 250:
            return Outcome.SENT, _said(code, said)
        self._forget(connection, code)
        return _meaning(code), _said(code, said)

    def _forget(self, connection: smtplib.SMTP, code: int) -> None:
        """Begin anew on the same line; after a 421 the server is closing it."""
        if code == 421:
            self.close()
            return
        try:
            connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        """Say goodbye, if there is anybody."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()
        self._drop_held()


def _meaning(code: int) -> Outcome:
    if code == 421:
        return Outcome.AWAY
    return Outcome.REFUSED if code >= 500 else Outcome.DEFERRED


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:500]


def _words(problem: Exception) -> str:
    """What went wrong, as staff read it."""
    if isinstance(problem, smtplib.SMTPResponseException):
        return _said(problem.smtp_code, problem.smtp_error)
    for kind, words in _TROUBLES:
        if isinstance(problem, kind):
            return words
    return f"{' '.join(str(problem).split()) or type(problem).__name__}."[:300]


_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (dialling.Unreachable, "The mail server cannot be reached: its name, its port or its address is wrong."),
    (ConnectionRefusedError, "The mail server refuses connections."),
    (TimeoutError, f"The mail server did not answer within {TIMEOUT_SECONDS} seconds."),
    (socket.gaierror, "The mail server's name is not known."),
    (ssl.SSLCertVerificationError, "The mail server's certificate cannot be trusted."),
    (ssl.SSLError, "The mail server and we could not agree on encryption."),
    (smtplib.SMTPServerDisconnected, "The mail server hung up."),
    (ConnectionError, "The line to the mail server broke."),
)
"""The first that fits."""
