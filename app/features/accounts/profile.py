"""What customers change about themselves: the account's contact and address, and a person's own name."""

import re
from collections.abc import Callable
from typing import Any

from babel import Locale

from app.features.accounts import merged
from app.features.accounts.events import CustomerUpdated
from app.features.accounts.models import Customer, User
from app.features.audit import service as audit
from app.kernel import terms
from app.kernel.errors import Invalid
from app.kernel.events import publish
from app.kernel.schemas import one_line

LONGEST = {
    "name": 200, "company": 200, "phone": 40, "address_line": 200, "city": 100, "region": 100, "postal_code": 20,
    "tax_number": 40, "first_name": 100, "last_name": 100,
}  # fmt: skip
"""Characters of each field."""
COUNTRIES: dict[str, str] = {
    code: name for code, name in Locale("en").territories.items() if re.fullmatch("[A-Z]{2}", code) and code not in
    {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
}  # fmt: skip
"""Two letters and the English name; without what CLDR lists beside countries."""
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,38}")
_TAX_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{1,39}")


def update_customer(customer: Customer, **values: str) -> None:
    """Change contact, address or tax number; nothing is written when all is as before.

    Raises:
        Invalid: names every field that cannot be so.
        TypeError: a field is none that a customer may change.
    """
    wanted = _checked(values, _CUSTOMER)
    before = {name: getattr(customer, name) for name in wanted if getattr(customer, name) != wanted[name]}
    if not before:
        return
    for name in before:
        setattr(customer, name, wanted[name])
    customer.refresh_search_key()
    merged.keep_words(customer)
    after = {name: wanted[name] for name in before}
    audit.record(
        "CUSTOMER_DETAILS_CHANGED", resource_type="customer", resource_id=customer.id, before=before, after=after,
        person_id=customer.id,
    )  # fmt: skip
    publish(CustomerUpdated(customer.id, sorted(before)))


def rename(user: User, *, first_name: str, last_name: str) -> None:
    """Change what a person is called; nothing is written when all is as before.

    Raises:
        Invalid: names every field that cannot be so.
    """
    wanted = checked_names(first_name=first_name, last_name=last_name)
    before = {name: getattr(user, name) for name in wanted if getattr(user, name) != wanted[name]}
    if not before:
        return
    user.first_name, user.last_name = wanted["first_name"], wanted["last_name"]
    terms.keep("user", user.id, user.texts)
    after = {name: wanted[name] for name in before}
    audit.record(
        "USER_UPDATED", resource_type="user", resource_id=user.id, before=before, after=after, person_id=user.id
    )


def checked_names(*, first_name: str, last_name: str) -> dict[str, str]:
    """What somebody is called, tidied.

    Raises:
        Invalid: names every field that cannot be so.
    """
    return _checked({"first_name": first_name, "last_name": last_name}, _PERSON)


def check_person(*, first_name: str, last_name: str, company: str = "") -> dict[str, str]:
    """The names of somebody who is not here yet, as they are kept.

    Raises:
        Invalid: names every field that cannot be so.
    """
    rules = {**_PERSON, "company": _CUSTOMER["company"]}
    return _checked({"first_name": first_name, "last_name": last_name, "company": company}, rules)


def _checked(values: dict[str, str], rules: dict[str, Callable[[str], str]]) -> dict[str, str]:
    if unknown := set(values) - set(rules):
        raise TypeError(f"not to be changed: {unknown}")
    checked, problems = {}, {}
    for name, value in values.items():
        try:
            checked[name] = rules[name](_line(name, value))
        except ValueError as problem:
            problems[name] = str(problem)
    if problems:
        raise Invalid(fields=problems)
    return checked


def _line(name: str, value: str) -> str:
    text = " ".join(one_line(value.strip()).split())
    most = LONGEST.get(name, 2)
    if len(text) > most:
        raise ValueError(f"At most {most} characters.")
    return text


def _called(text: str) -> str:
    """A name is printed in mails: it leads nowhere."""
    if "://" in text or "www." in text.lower():
        raise ValueError("A name may not hold a web address.")
    return text


def _contact(text: str) -> str:
    if not text:
        raise ValueError("Say whom we may ask for.")
    return _called(text)


def _first_name(text: str) -> str:
    if not text:
        raise ValueError("Say what we may call you.")
    return _called(text)


def _phone(text: str) -> str:
    if text and not _PHONE.fullmatch(text):
        raise ValueError("Write the number with digits, such as +44 1225 444 555.")
    return text


def _country(text: str) -> str:
    code = text.upper()
    if code and code not in COUNTRIES:
        raise ValueError("Choose a country from the list.")
    return code


def _tax_number(text: str) -> str:
    if text and not _TAX_NUMBER.fullmatch(text):
        raise ValueError("A tax number has letters and digits only, such as GB123456789.")
    return text.upper()


def _free(text: str) -> str:
    return text


_CUSTOMER: dict[str, Callable[[str], str]] = {
    "name": _contact, "company": _called, "phone": _phone, "address_line": _free, "city": _free, "region": _free,
    "postal_code": _free, "country": _country, "tax_number": _tax_number,
}  # fmt: skip
_PERSON: dict[str, Callable[[str], str]] = {"first_name": _first_name, "last_name": _called}


def country_choices() -> list[tuple[str, str]]:
    """Codes and names by name, with nothing first: for a form."""
    named: list[Any] = sorted(COUNTRIES.items(), key=lambda pair: terms.plain(pair[1]))
    return [("", "–"), *named]
