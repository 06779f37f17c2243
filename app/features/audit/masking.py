"""What of a record's state may stand in the log in plain, what only encrypted, what not at all."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from app.kernel import logs

SECRET = re.compile(
    r"password|token|secret|sealed|hash|api_?key$|recovery|totp|csrf|authorization|cookie|card|smtp_url", re.IGNORECASE
)
_PERSONAL = """
email email_key name first_name last_name phone company address address_line city region postal_code tax_number
ip user_agent place to_address search_key company_name support_email support_phone billed_to old_email new_email
"""
PERSONAL = frozenset(_PERSONAL.split())
"""Fields that are personal wherever they occur, in snake_case."""
MASK = "[masked]"
MOST_CHARACTERS = 2_000
"""Of one text; the rest is cut."""
_SUSPICIOUS = re.compile(
    r"bearer|basic|token|secret|passw|api.?key|cookie|(?:mk|mp|mpanel|whsec|sk|rk)_|://|[\x00-\x08\x0e-\x1f]"
    r"|/set-password/|(?:\d[ -]?){12}\d",
    re.IGNORECASE,
)
_LINK = re.compile(r"(/(?:set-password|invitations?|confirm)/)[A-Za-z0-9_-]{16,}")
_CARD = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


class _Kind(NamedTuple):
    """What a field's name says of its value."""

    snake: str
    is_secret: bool
    is_personal: bool


def split(
    state: Mapping[str, Any] | None, personal: Collection[str] = ()
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Part `state` into what may be plain and what is personal; secrets are masked in both.

    `personal` names fields that are personal besides those that always are,
    in snake_case; the state's own keys may be camelCase.
    """
    if state is None:
        return None, {}
    plain: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for key, value in state.items():
        kind = _kind(key)
        (kept if kind.is_personal or kind.snake in personal else plain)[key] = _masked(kind, value)
    return plain, kept


def masked(state: Mapping[str, Any]) -> dict[str, Any]:
    """`state` as JSON bears it, without a secret."""
    return {key: _masked(_kind(key), value) for key, value in state.items()}


@lru_cache(maxsize=2_000)
def _kind(name: str) -> _Kind:
    snake = _HUMP.sub(lambda hit: "_" + hit.group().lower(), name)
    is_secret = SECRET.search(snake) is not None and not snake.endswith(("_id", "_at"))
    return _Kind(snake, is_secret, snake in PERSONAL)


def snake(name: str) -> str:
    """`name` in snake_case."""
    return _kind(name).snake


def _masked(kind: _Kind, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {str(key): _masked(_kind(str(key)), inner) for key, inner in value.items()}
    if kind.is_secret or isinstance(value, bytes):
        return MASK
    return _said(kind, value)


def _said(kind: _Kind, value: Any) -> Any:
    """The value as JSON bears it."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(kind, inner) for inner in value]
    if isinstance(value, date):  # moments too
        return value.isoformat()
    return str(value)


def cleaned(text: str) -> str:
    """`text` without what looks like a key, a password, a link that lets somebody in or a card's number."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 1] + "…"
    if _SUSPICIOUS.search(text) is None:
        return text
    text = _LINK.sub(r"\1***", logs.clean(text, MOST_CHARACTERS))
    return _CARD.sub(lambda found: MASK if _is_card(found.group()) else found.group(), text)


def _is_card(text: str) -> bool:
    """Whether the digits pass the check that every card's number passes (Luhn)."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = (digit if at % 2 == 0 else sum(divmod(digit * 2, 10)) for at, digit in enumerate(digits))
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0
