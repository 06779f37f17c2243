"""From a drawn mail to the bytes on the wire. No word of anybody can become a header of its own."""

import re
from binascii import b2a_qp
from email.headerregistry import Address
from email.message import EmailMessage as Mime
from email.policy import SMTP
from email.utils import format_datetime

from app.features.messages.models import EmailMessage
from app.features.messages.rendering import Draft, one_line
from app.features.messages.smtp import Parcel
from app.kernel import clock

POLICY = SMTP.clone(max_line_length=200)
ONE_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
"""What is stored was checked when it came in; this keeps out, once more, what could be two, or a header."""


def compose(message: EmailMessage, draft: Draft, *, sender: str) -> Parcel:
    """The mail, from the brand by `sender`, to one recipient.

    Raises:
        ValueError: an address that no header can bear.
    """
    mime = Mime(policy=POLICY)
    mime["Subject"] = draft.subject
    mime["From"] = _address(sender, draft.brand.name)
    mime["To"] = _address(message.to_address)
    if draft.brand.support_email:
        mime["Reply-To"] = _address(draft.brand.support_email, draft.brand.name)
    mime["Date"] = format_datetime(clock.now())
    mime["Message-ID"] = message.message_id_header
    mime["Auto-Submitted"] = "auto-generated"
    mime["MIME-Version"] = "1.0"
    mime["Content-Type"] = "multipart/alternative"
    mime.attach(_part(draft.text, "plain"))
    mime.attach(_part(draft.html, "html"))
    return Parcel(sender, message.to_address, mime.as_bytes())


def _address(text: str, name: str = "") -> Address:
    if not ONE_ADDRESS.fullmatch(text):
        raise ValueError("not one address")
    return Address(one_line(name, 80), addr_spec=text)


def _part(text: str, subtype: str) -> Mime:
    """One way to read it, quoted-printable (by the C library: the package's own way takes 20 times as long)."""
    part = Mime(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(b2a_qp(text.replace("\r\n", "\n").encode(), istext=True).decode("ascii"))
    return part
