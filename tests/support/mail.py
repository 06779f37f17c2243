"""A mail server that keeps what it gets, and misbehaves on request."""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support import processes

Behaviour = Callable[[Envelope], str]
"""What the server answers to the message: an SMTP reply, or DROP to hang up without one."""

ACCEPT = "250 OK"
LATER = "451 Try again later"
NEVER = "554 No such person"
DROP = "drop"


@dataclass(frozen=True)
class Mail:
    """One message as it came in."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage
    at: float = field(default_factory=time.time)

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        """The Message-ID header."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain part."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part."""
        return self._part("html")

    def link(self, containing: str) -> str:
        """The first address in the plain part that contains `containing`."""
        found = [url for url in re.findall(r"https?://[^\s<>\"]+", self.text) if containing in url]
        assert found, f"no link with {containing!r} in: {self.text}"
        return found[0]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None, f"the mail has no {kind} part"
        return str(part.get_content())


class MailServer:
    """An SMTP server on a loopback port. `mails` is what it has accepted (or dropped after taking it).

    It takes nothing from the sender `unwelcome`.
    """

    def __init__(self) -> None:
        self.port = processes.free_port()
        self.mails: list[Mail] = []
        self.refused: list[Mail] = []
        self.connections = 0
        self.delay = 0.0
        self.unwelcome = ""
        self._behaviour: Behaviour = lambda _envelope: ACCEPT
        self._arrived = threading.Condition()
        self._controller: Controller | None = None
        self.start()

    @property
    def url(self) -> str:
        """What SMTP_URL wants."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen (again), on the same port."""
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10)
        self._controller.start()

    def stop(self) -> None:
        """Be away: connections are refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def behave(self, behaviour: Behaviour | str, *, delay: float = 0.0) -> None:
        """Answer messages with `behaviour` (ACCEPT, LATER, NEVER, DROP or a function), after `delay` seconds."""
        self._behaviour = behaviour if callable(behaviour) else lambda _envelope: cast(str, behaviour)
        self.delay = delay

    def wait(self, count: int = 1, *, within: float = 20) -> list[Mail]:
        """Wait until `count` mails are here and return all of them.

        Raises:
            TimeoutError: fewer came within `within` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.mails) >= count, within):
                raise TimeoutError(f"{len(self.mails)} of {count} mails came within {within:g} s")
            return list(self.mails)

    def to(self, address: str) -> list[Mail]:
        """The mails for one address."""
        return [mail for mail in self.mails if address in mail.to]

    def clear(self) -> None:
        """Forget the mails and behave well again."""
        self.mails.clear()
        self.refused.clear()
        self.connections = 0
        self.unwelcome = ""
        self.behave(ACCEPT)

    # Called by aiosmtpd.
    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.unwelcome:
            return "550 who are you"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPT

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.delay:
            await asyncio.sleep(self.delay)
        answer = self._behaviour(envelope)
        parsed = cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        mail = Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), parsed)
        with self._arrived:
            (self.mails if answer.startswith("2") or answer == DROP else self.refused).append(mail)
            self._arrived.notify_all()
        if answer == DROP:
            cast(Any, server.transport).abort()
            return ACCEPT
        return answer


class _Controller(Controller):
    def __init__(self, server: MailServer, **kwargs: Any) -> None:
        self.mail_server = server
        super().__init__(server, **kwargs)

    def factory(self) -> SMTP:
        self.mail_server.connections += 1
        return super().factory()
