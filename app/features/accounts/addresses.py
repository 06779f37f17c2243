"""E-mail addresses: read in one way, for identity and for limits alike.

White space around it goes, compatibility forms (full width, ligatures) become
plain letters (NFKC), the domain is written in ASCII. Letters of other scripts
before the @ are refused, so that no look-alike of a known address can be made.
`user+tag@...` is somebody else than `user@...`.
"""

import unicodedata
from typing import TYPE_CHECKING

from app.kernel.errors import Invalid
from app.kernel.late import Late

if TYPE_CHECKING:
    import email_validator
else:
    email_validator = Late("email_validator")  # 40 ms of tables, for the first address that is typed

LONGEST = 254
"""Characters (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""


def clean_email(text: str, *, field: str = "email") -> str:
    """The address as typed, with the domain in lower-case ASCII: where mail is sent.

    Raises:
        Invalid: it is no address; names `field`.
    """
    text = unicodedata.normalize("NFKC", text[: LONGEST * 2]).strip()
    try:
        found = email_validator.validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except email_validator.EmailNotValidError as problem:
        raise Invalid.field(field, "That is not an e-mail address: name@example.com.") from problem
    address = found.ascii_email
    if address is None or len(address) > LONGEST:
        raise Invalid.field(field, "That e-mail address is too long.")
    return address


def normalise_email(text: str, *, field: str = "email") -> str:
    """The one key of an address: `clean_email` in lower case.

    Raises:
        Invalid: it is no address; names `field`.
    """
    return clean_email(text, field=field).lower()


def limiter_key(text: str) -> str:
    """What attempts for an address are counted under; any text has one."""
    try:
        return normalise_email(text)
    except Invalid:
        return unicodedata.normalize("NFKC", text[: LONGEST * 2]).strip().casefold()
