"""What the address of a mail server means, and what its answers do."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest

from app.config import SettingError, load
from app.features.messages.smtp import Line, MailServer, Outcome, Parcel, read_url
from tests.support import mail as sink

PARCEL = Parcel("panel@harbourline.example", "alice@acme.example", b"Subject: hello\r\n\r\nhello\r\n")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", MailServer("mail.example", 25, False, "auto")),
        ("smtp://mail.example:587?starttls=require", MailServer("mail.example", 587, False, "require")),
        ("smtps://mail.example", MailServer("mail.example", 465, True, "auto")),
        ("smtp://me:p%40ss@mail.example:587", MailServer("mail.example", 587, False, "require", "me", "p@ss")),
        ("smtp://me:pass@127.0.0.1:2525", MailServer("127.0.0.1", 2525, False, "auto", "me", "pass")),
        ("smtp://[::1]:2525?starttls=never", MailServer("::1", 2525, False, "never")),
    ],
)
def test_the_address_says_how_to_talk(url: str, expected: MailServer) -> None:
    assert read_url(url) == expected
    assert "p@ss" not in repr(read_url(url))


@pytest.mark.parametrize("query", ["starttls=maybe", "starttls=", "tls=1", "starttls=auto&x=1"])
def test_a_wrong_word_in_the_address_stops_the_start(tmp_path: object, query: str) -> None:
    with pytest.raises(SettingError, match="SMTP_URL"):
        load({"MPANEL_DATA": str(tmp_path), "SMTP_URL": f"smtp://mail.example?{query}"})


def test_a_password_never_travels_in_the_clear_to_another_machine(mail_server: sink.MailServer) -> None:
    server = MailServer("127.0.0.1", mail_server.port, False, "require", "me", "hunter2")

    answer = Line(server, own_name="localhost").send(PARCEL)

    assert answer.outcome is Outcome.AWAY
    assert "STARTTLS" in answer.text
    assert "hunter2" not in answer.text
    assert not mail_server.mails


def test_a_connection_that_went_to_sleep_is_opened_anew(mail_server: sink.MailServer) -> None:
    line = Line(read_url(mail_server.url), own_name="localhost")
    assert line.send(PARCEL).outcome is Outcome.SENT
    mail_server.stop()
    mail_server.start()

    assert line.send(PARCEL).outcome is Outcome.SENT
    assert len(mail_server.mails) == 2
    line.close()


class _Rude(socketserver.StreamRequestHandler):
    """One conversation, with the answers of `replies` by verb."""

    replies: ClassVar[dict[str, str]] = {}

    def handle(self) -> None:
        self._say(self.replies.get("HELLO", "220 here"))
        for line in self.rfile:
            verb = line[:4].decode().strip().upper()
            self._say(self.replies.get(verb, "250 fine"))
            if verb == "QUIT":
                break

    def _say(self, reply: str) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(f"{reply}\r\n".encode())


@pytest.fixture
def rude_server() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server, and what it answers to each verb."""
    replies: dict[str, str] = {}
    handler = type("Rude", (_Rude,), {"replies": replies})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", replies
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("verb", "reply", "outcome"),
    [
        ("HELLO", "554 no service here", Outcome.AWAY),
        ("HELLO", "421 too busy", Outcome.AWAY),
        ("MAIL", "550 who are you", Outcome.UNWELCOME),
        ("MAIL", "450 slow down", Outcome.UNWELCOME),
        ("MAIL", "421 closing", Outcome.AWAY),
        ("MAIL", "552 too large", Outcome.REFUSED),
        ("RCPT", "550 no such person", Outcome.REFUSED),
        ("RCPT", "450 grey-listed", Outcome.DEFERRED),
        ("RCPT", "421 closing", Outcome.AWAY),
        ("DATA", "554 no", Outcome.REFUSED),
        ("DATA", "451 later", Outcome.DEFERRED),
    ],
)
def test_what_is_said_of_the_person_is_not_held_against_the_server_nor_the_reverse(
    rude_server: tuple[str, dict[str, str]], verb: str, reply: str, outcome: Outcome
) -> None:
    url, replies = rude_server
    replies[verb] = reply
    line = Line(read_url(url), own_name="localhost")

    answer = line.send(PARCEL)
    line.close()

    assert answer.outcome is outcome
    assert reply in answer.text
