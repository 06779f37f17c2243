"""Lines of the audit log in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.features.audit.slots import Happening
from app.kernel import words

SAID = {
    "CUSTOMER_CREATED": "Became a customer",
    "CUSTOMER_UPDATED": "Details changed",
    "CUSTOMER_CLOSED": "Account closed",
    "USER_CREATED": "Can sign in from now on",
    "USER_UPDATED": "Person changed",
    "USER_DISABLED": "Access ended",
    "USER_LOGIN": "Signed in",
    "USER_LOGOUT": "Signed out",
    "USER_LOGIN_FAILED": "Sign-in failed",
    "USER_LOCKED_OUT": "Locked out after failed sign-ins",
    "SESSIONS_ENDED": "Signed out everywhere else",
    "PASSWORD_LINK_CREATED": "Password link made",
    "PASSWORD_RESET_REQUESTED": "Asked for a password link",
    "PASSWORD_SET": "Password set",
    "ORDER_CREATED": "Order placed",
    "ORDER_COMPLETED": "Order completed",
    "ORDER_CANCELLED": "Order cancelled",
    "INVOICE_CREATED": "Invoice drafted",
    "INVOICE_ISSUED": "Invoice issued",
    "INVOICE_PAID": "Invoice paid",
    "SUBSCRIPTION_CREATED": "Service ordered",
    "SUBSCRIPTION_ACTIVATED": "Service paid for",
    "SUBSCRIPTION_SUSPENDED": "Service paused",
    "SUBSCRIPTION_RESUMED": "Service runs again",
    "SUBSCRIPTION_UPGRADED": "Plan changed",
    "SUBSCRIPTION_DOWNGRADED": "Plan changed",
    "SUBSCRIPTION_CANCELLED": "Service cancelled",
    "SUBSCRIPTION_KEPT": "Cancellation taken back",
    "SUBSCRIPTION_TERMINATED": "Service ended",
    "SERVICE_PROVISIONED": "Service set up",
    "SERVICE_FAILED": "Set-up failed",
    "SERVICE_STUCK": "Set-up stuck",
    "PAYMENT_SUCCEEDED": "Payment received",
    "PAYMENT_FAILED": "Payment failed",
    "PAYMENT_REFUNDED": "Payment refunded",
    "PAYMENT_DISPUTED": "Payment disputed",
    "INVOICE_VOIDED": "Invoice voided",
    "INVOICE_REFUNDED": "Invoice refunded",
}


@dataclass(frozen=True)
class Line:
    """One entry of `ui.timeline_log`."""

    text: str
    when: str
    exact: str
    detail: str = ""


def say(
    found: Sequence[Happening], *, zone: str, about: Mapping[UUID, str], actors: Mapping[UUID, str] | None = None
) -> list[Line]:
    """The lines in words. `about` names records (an invoice's number, a person), `actors` who did it."""
    return [
        Line(
            text=_text(line, about),
            when=words.ago(line.at, zone),
            exact=words.exact(line.at, zone),
            detail=_by(line, actors) if actors is not None else "",
        )
        for line in found
    ]


def _text(line: Happening, about: Mapping[UUID, str]) -> str:
    said = SAID.get(line.action) or line.action.replace("_", " ").capitalize()
    name = about.get(line.resource_id, "") if line.resource_id else ""
    return f"{said}: {name}" if name else said


def _by(line: Happening, actors: Mapping[UUID, str]) -> str:
    if line.actor_key_id is not None:
        return "by an API key"
    if line.actor_user_id is None or line.actor_user_id == line.resource_id:
        return ""
    return f"by {actors.get(line.actor_user_id, 'somebody who has left')}"
