"""What of a record's state may stand in the log in plain, what only encrypted, what not at all."""

import re
from collections.abc import Collection, Mapping
from typing import Any

SECRET = re.compile(r"password|token|secret|hash|api_?key$|recovery|totp|csrf|authorization|cookie|card", re.IGNORECASE)
_PERSONAL = """
email email_key name first_name last_name phone company address address_line city region postal_code tax_number
ip user_agent place to_address search_key company_name support_email support_phone
"""
PERSONAL = frozenset(_PERSONAL.split())
"""Fields that are personal wherever they occur, in snake_case."""
MASK = "[masked]"


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
        snake = _snake(key)
        (kept if snake in PERSONAL or snake in personal else plain)[key] = _masked(snake, value)
    return plain, kept


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda hit: "_" + hit.group().lower(), key)


def _masked(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(_snake(str(key)), inner) for key, inner in value.items()}
    if value is not None and SECRET.search(name) and not name.endswith("_id"):
        return MASK
    return value
