"""What happens to customers and people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_CUSTOMER: Mapping[str, Any] = {"customerId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a00"}
_USER: Mapping[str, Any] = {"userId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a01"}


@dataclass(frozen=True)
class UserCreated(Event):
    """Somebody can sign in from now on (once a password is set)."""

    name: ClassVar[str] = "user.created"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        **_USER,
        "email": "customer@example.com",
        **_CUSTOMER,
        "role": "owner",
    }
    personal: ClassVar[frozenset[str]] = frozenset({"email"})

    user_id: UUID
    email: str
    customer_id: UUID | None
    """None for staff."""
    role: str


@dataclass(frozen=True)
class CustomerUpdated(Event):
    """Contact, address or status of a customer changed."""

    name: ClassVar[str] = "customer.updated"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = {
        **_CUSTOMER,
        "changed": ["city", "postal_code"],
    }

    customer_id: UUID
    changed: list[str]
    """The names of the fields, not their values."""


@dataclass(frozen=True)
class PasswordLinkRequested(Event):
    """Somebody asked for a link to set a new password. Inside the house only: mail listens."""

    name: ClassVar[str] = "password.reset_requested"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        **_USER,
        "linkId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a02",
    }

    user_id: UUID
    link_id: UUID
    """The row of `PasswordToken`; its token is computed when the mail is delivered."""


@dataclass(frozen=True)
class PasswordChanged(Event):
    """A person who had a password has another one now. Inside the house only: mail tells them."""

    name: ClassVar[str] = "password.changed"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        **_USER,
        "linkId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a02",
    }

    user_id: UUID
    link_id: UUID
    """The link by which it was set."""


@dataclass(frozen=True)
class UserRoleChanged(Event):
    """Somebody may do more or less than before. Inside the house only: their logins end."""

    name: ClassVar[str] = "user.role_changed"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        **_USER,
        "before": "admin",
        "role": "member",
    }

    user_id: UUID
    before: str
    role: str


@dataclass(frozen=True)
class UserDeactivated(Event):
    """Somebody may not sign in any more. Inside the house only: their logins end."""

    name: ClassVar[str] = "user.deactivated"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = _USER

    user_id: UUID


@dataclass(frozen=True)
class UserReactivated(Event):
    """Somebody who was shut out may sign in again."""

    name: ClassVar[str] = "user.reactivated"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = _USER

    user_id: UUID


@dataclass(frozen=True)
class UserRemoved(Event):
    """Somebody belongs here no longer. Inside the house only: their logins end."""

    name: ClassVar[str] = "user.removed"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = _USER

    user_id: UUID


@dataclass(frozen=True)
class SignUpRequested(Event):
    """Somebody wants to open an account at an address. Inside the house only: mail listens."""

    name: ClassVar[str] = "sign_up.requested"
    resource: ClassVar[str] = "sign_up"
    example: ClassVar[Mapping[str, Any]] = {"signUpId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a04"}

    sign_up_id: UUID


@dataclass(frozen=True)
class CustomerSignedUp(Event):
    """A customer is there who has bought nothing yet. Inside the house only: orders tells the outside."""

    name: ClassVar[str] = "customer.signed_up"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = {
        **_CUSTOMER,
        "email": "customer@example.com",
        "marketingSource": "sign-up",
    }
    personal: ClassVar[frozenset[str]] = frozenset({"email"})

    customer_id: UUID
    email: str
    marketing_source: str


@dataclass(frozen=True)
class EmailChangeRequested(Event):
    """Somebody wants to sign in by another address. Inside the house only: mail asks the new and tells the old."""

    name: ClassVar[str] = "user.email_change_requested"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        **_USER,
        "changeId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a05",
        "undoId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a06",
    }

    user_id: UUID
    change_id: UUID
    undo_id: UUID


@dataclass(frozen=True)
class EmailChanged(Event):
    """Somebody signs in by another address from now on. Inside the house only: mail tells the old one."""

    name: ClassVar[str] = "user.email_changed"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = EmailChangeRequested.example

    user_id: UUID
    change_id: UUID
    undo_id: UUID


@dataclass(frozen=True)
class EmailChangeUndone(Event):
    """The old address has taken a change back. Inside the house only: every login ends."""

    name: ClassVar[str] = "user.email_change_undone"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        **_USER,
        "changeId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a05",
    }

    user_id: UUID
    change_id: UUID


@dataclass(frozen=True)
class CustomerClosed(Event):
    """An account is closed: nobody signs in for it any more. What the law wants kept stays."""

    name: ClassVar[str] = "customer.closed"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = _CUSTOMER

    customer_id: UUID


@dataclass(frozen=True)
class CustomerReopened(Event):
    """An account that was closed is open again."""

    name: ClassVar[str] = "customer.reopened"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = _CUSTOMER

    customer_id: UUID
