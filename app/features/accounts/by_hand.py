"""What staff do for customers by hand: enter one, put details right, close and open an account."""

from typing import Any

from app.features.accounts import merged
from app.features.accounts.addresses import clean_email
from app.features.accounts.events import CustomerClosed, CustomerReopened, CustomerSignedUp, CustomerUpdated
from app.features.accounts.links import start_password_link
from app.features.accounts.models import Customer, User
from app.features.accounts.profile import check_person, update_customer
from app.features.accounts.service import Attribution, register
from app.features.audit import service as audit
from app.kernel import clock, db
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import publish
from app.kernel.money import CURRENCIES

SOURCE = "staff"
"""What stands at the customer as where they came from."""


class ClosedAlready(Conflict):
    """It was closed before: 409."""

    code, text = "closed", "This account is closed already."


class Erased(Conflict):
    """Nobody is left who could come back: 409."""

    code, text = "erased", "This customer was erased. Enter them anew."


class OpenAlready(Conflict):
    """It is open: 409."""

    code, text = "open", "This account is open."


def enter(
    *, email: str, first_name: str, last_name: str, currency: str, sends_link: bool, **details: str
) -> tuple[Customer, User]:
    """Make a customer with its first person, an OWNER; `details` as in `profile.update_customer`.

    With `sends_link` a welcome goes to the person, with a link to set the first
    password; else nothing does, until staff send one.

    Raises:
        Invalid: names every field that cannot be so.
        EmailTaken: names `email`.
    """
    if currency not in CURRENCIES:
        raise Invalid.field("currency", "Choose a currency by its three letters, such as EUR.")
    names: dict[str, Any] = check_person(first_name=first_name, last_name=last_name, company=details.pop("company", ""))
    customer, user = register(email=email, currency=currency, attribution=Attribution(SOURCE), **names)
    update_customer(customer, **{name: value for name, value in details.items() if value})
    if sends_link:
        start_password_link(user, "first")
    publish(CustomerSignedUp(customer.id, user.email, customer.marketing_source))
    return customer, user


def change(customer: Customer, *, email: str | None = None, **details: str) -> None:
    """Put details right for the customer; `email` is where invoices go, not what anybody signs in by.

    Raises:
        Invalid: names every field that cannot be so.
    """
    address = customer.email if email is None else clean_email(email)
    update_customer(customer, **details)
    if address == customer.email:
        return
    before, customer.email = customer.email, address
    customer.refresh_search_key()
    merged.keep_words(customer)
    audit.record(
        "CUSTOMER_DETAILS_CHANGED", resource_type="customer", resource_id=customer.id, before={"email": before},
        after={"email": address}, person_id=customer.id,
    )  # fmt: skip
    publish(CustomerUpdated(customer.id, ["email"]))


def close(customer: Customer) -> None:
    """Close an account: nobody signs in for it any more. Who calls has looked whether anything is still owed or runs.

    Raises:
        ClosedAlready: it was.
    """
    db.session().refresh(customer, with_for_update=True)
    if not customer.is_active:
        raise ClosedAlready()
    customer.status, customer.closed_at = "closed", clock.now()
    publish(CustomerClosed(customer.id))


def reopen(customer: Customer) -> None:
    """Let its people in again, as they were.

    Raises:
        Erased: it was forgotten for good.
        OpenAlready: it is open.
    """
    db.session().refresh(customer, with_for_update=True)
    if customer.erased_at is not None:
        raise Erased()
    if customer.is_active:
        raise OpenAlready()
    customer.status, customer.closed_at = "active", None
    publish(CustomerReopened(customer.id))
