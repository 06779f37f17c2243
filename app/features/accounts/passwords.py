"""What a password must be. NIST SP 800-63B: long and not known, no rules about signs."""

import unicodedata
from functools import cache
from pathlib import Path

from app.features.accounts.models import User
from app.features.branding import service as branding
from app.features.tenants import service as tenants
from app.kernel.crypto import PASSWORD_MAX_BYTES
from app.kernel.errors import Invalid

SHORTEST = 10
"""Characters. A tenant's policy will set it (SPEC 1.2)."""

_COMMON = Path(__file__).with_name("common_passwords.txt")


def check_password_rules(password: str, *, user: User, field: str = "password") -> None:
    """Refuse a password that others would guess first.

    Raises:
        Invalid: with the reason, for the person to read.
    """
    problem = _problem(password, user)
    if problem:
        raise Invalid.field(field, problem, code="password_refused")


def can_be_password(password: str) -> bool:
    """Whether it is worth hashing: no NUL, and not beyond what is hashed whole (1,024 bytes)."""
    return "\0" not in password and 0 < len(password.encode("utf-8", "surrogatepass")) <= PASSWORD_MAX_BYTES


def _problem(password: str, user: User) -> str | None:
    if "\0" in password or any(unicodedata.category(sign) == "Cs" for sign in password):
        return "This password contains a character that no keyboard makes."
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more. Three or four words do well."
    if len(password.encode()) > PASSWORD_MAX_BYTES:
        return f"Use {PASSWORD_MAX_BYTES} bytes at most."
    folded = unicodedata.normalize("NFKC", password).casefold()
    if folded in common_passwords():
        return "This is one of the passwords that are tried first. Choose another."
    if _core(folded) in _known(user) or folded == user.email_key:
        return "This is too close to your name, your e-mail address or ours. Choose another."
    return None


@cache
def common_passwords() -> frozenset[str]:
    """The list that ships with the panel (`common_passwords.licence.txt`), in lower case."""
    return frozenset(_COMMON.read_text(encoding="utf-8").split("\n"))


def _known(user: User) -> set[str]:
    """What anybody can know of this person and this house."""
    words = {user.email, user.email.partition("@")[0], user.first_name, user.last_name, user.name}
    words |= {tenants.current().name, branding.brand().name, "mpanel"}
    return {_core(word.casefold()) for word in words} - {""}


def _core(text: str) -> str:
    """Only its letters: `Harbourline-2026!` is no better than `harbourline`."""
    return "".join(sign for sign in text if sign.isalpha())
