"""What a tenant's settings may be: one rule for each, wherever the value comes from."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from babel.localedata import exists as locale_exists

from app.kernel.errors import Invalid
from app.kernel.money import CURRENCIES

Setting = str | bool | int | None | Mapping[str, str]

DEPARTMENTS = ("sales", "support", "info", "partnerships", "careers", "billing")
"""Where mail to the company goes, by the name of the department (SPEC 3.1)."""
LONGEST = {"legal_name": 120, "address": 500, "tax_number": 40, "bank_details": 2000, "mail_name": 80}

AUDIT_YEARS = (1, 2, 3, 5, 7, 10)
"""How long an audit log may be kept, besides for ever. The database lets no row go that is younger than a year."""
LEAST_DAYS, MOST_DAYS = 30, 36_500
"""How long something can be kept."""

_PREFIX = re.compile(r"[A-Z0-9]{1,8}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,253}$)(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters but for the end of a line, and those that turn the direction of what follows."""


def checked(field: str, value: Setting) -> Any:
    """`value` as it is stored.

    Raises:
        Invalid: it cannot be; names the field.
        TypeError: there is no such setting.
    """
    if field not in _RULES:
        raise TypeError(f"a tenant has no setting {field!r}")
    return _RULES[field](field, value)


def mail_address(field: str, value: Setting) -> str:
    """One address of a mailbox, or nothing."""
    text = str(value).strip()
    if text and not _ADDRESS.fullmatch(text):
        raise Invalid.field(field, "An address is written like name@example.com.")
    return text


def _lines(field: str, value: Setting) -> str:
    text = _UNSEEN.sub(" ", str(value).replace("\r\n", "\n")).strip()
    if len(text) > LONGEST[field]:
        raise Invalid.field(field, f"At most {LONGEST[field]} characters.")
    return text


def _line(field: str, value: Setting) -> str:
    return " ".join(_lines(field, value).split())


def _known(is_known: Callable[[str], bool], advice: str) -> Callable[[str, Setting], str]:
    def rule(field: str, value: Setting) -> str:
        text = str(value).strip()
        if not is_known(text):
            raise Invalid.field(field, advice)
        return text

    return rule


def _switch(_field: str, value: Setting) -> bool:
    return value is True


def _days(field: str, value: Setting) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not LEAST_DAYS <= value <= MOST_DAYS:
        raise Invalid.field(field, f"Between {LEAST_DAYS} and {MOST_DAYS:,} days.")
    return value


def _years(field: str, value: Setting) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in AUDIT_YEARS:
        raise Invalid.field(field, f"Choose one of {', '.join(map(str, AUDIT_YEARS))} years, or for ever.")
    return value


def _log_days(field: str, value: Setting) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 7 <= value <= MOST_DAYS:
        raise Invalid.field(field, f"Between 7 and {MOST_DAYS:,} days.")
    return value


def _departments(_field: str, value: Setting) -> dict[str, str]:
    assert isinstance(value, Mapping)
    unknown = set(value) - set(DEPARTMENTS)
    if unknown:
        raise Invalid.field(min(unknown), "There is no such department.")
    return {name: mail_address(name, address) for name, address in value.items() if address.strip()}


_RULES: dict[str, Callable[[str, Setting], Any]] = {
    "legal_name": _line,
    "address": _lines,
    "tax_number": _line,
    "currency": _known(CURRENCIES.__contains__, "Choose a currency by its three letters, such as EUR."),
    "time_zone": _known(lambda text: text in available_timezones(), "Choose a time zone such as Europe/London."),
    "locale": _known(lambda text: locale_exists(text.replace("-", "_")), "Choose a locale such as en or de-AT."),
    "number_prefix": _known(lambda text: _PREFIX.fullmatch(text) is not None, "1 to 8 capital letters and digits."),
    "sandbox_enabled": _switch,
    "sign_up_open": _switch,
    "bank_enabled": _switch,
    "bank_details": _lines,
    "mail_name": _line,
    "mail_from": mail_address,
    "departments": _departments,
    "keep_mails_days": _days,
    "keep_closed_days": _days,
    "audit_kept_years": _years,
    "api_log_kept_days": _log_days,
}
