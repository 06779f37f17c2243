"""From a drawn mail to the bytes on the wire. No word of anybody can become a header of its own.

Headers with words in them are folded by the standard library, once for each
text; the rest is written out, because parsing it again for every mail costs
more than sending it.
"""

import re
from binascii import b2a_qp
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from app.features.messages.models import EmailMessage
from app.features.messages.rendering import Draft, one_line
from app.features.messages.smtp import Parcel
from app.kernel import clock

POLICY = SMTP.clone(max_line_length=200)
ONE_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
"""What is stored was checked when it came in; this keeps out, once more, what could be two, or a header."""
BOUNDARY = "=-mpanel-part-="
"""Cannot occur in quoted-printable text: there `=` is always followed by two digits or the end of the line."""


def compose(message: EmailMessage, draft: Draft, *, sender: str, name: str = "", reply_to: str = "") -> Parcel:
    """The mail, from `name` (the brand's, where it is empty) by `sender`, to one recipient.

    Answers go to `reply_to`, else to the brand's support.

    Raises:
        ValueError: an address that no header can bear.
    """
    headers = [
        _words("Subject", one_line(draft.subject)),
        _from("From", name or draft.brand.name, sender),
        f"To: {_checked(message.to_address)}\r\n",
        f"Date: {format_datetime(clock.now())}\r\n",
        f"Message-ID: {_checked_id(message.message_id_header)}\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n',
    ]
    answers_to = reply_to or draft.brand.support_email
    if answers_to:
        headers.insert(2, _from("Reply-To", name or draft.brand.name, answers_to))
    body = "".join((_part("plain", draft.text), _part("html", draft.html), f"--{BOUNDARY}--\r\n"))
    return Parcel(sender, message.to_address, f"{''.join(headers)}\r\n{body}".encode("ascii"))


@lru_cache(maxsize=1000)
def _words(name: str, text: str) -> str:
    return str(POLICY.fold(*POLICY.header_store_parse(name, text)))


@lru_cache(maxsize=1000)
def _from(name: str, person: str, address: str) -> str:
    who = Address(one_line(person, 80), addr_spec=_checked(address))
    return str(POLICY.fold(*POLICY.header_store_parse(name, who)))


def _checked(address: str) -> str:
    if not ONE_ADDRESS.fullmatch(address):
        raise ValueError("not one address")
    return address


def _checked_id(text: str) -> str:
    if not re.fullmatch(r"<[A-Za-z0-9.@-]+>", text):
        raise ValueError("not a Message-ID")
    return text


def _part(kind: str, text: str) -> str:
    """One way to read it, quoted-printable."""
    encoded = b2a_qp(text.replace("\r\n", "\n").encode(), istext=True).decode("ascii")
    lines = encoded.replace("\n", "\r\n")
    return (
        f'--{BOUNDARY}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n{lines}\r\n"
    )
