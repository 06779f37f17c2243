"""What happens to invitations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_EXAMPLE: Mapping[str, Any] = {
    "invitationId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a04",
    "customerId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a00",
    "role": "member",
}


@dataclass(frozen=True)
class UserInvited(Event):
    """Somebody is asked to come in. Inside the house only: mail listens."""

    name: ClassVar[str] = "user.invited"
    resource: ClassVar[str] = "invitation"
    example: ClassVar[Mapping[str, Any]] = {**_EXAMPLE, "email": "ann@example.com"}
    personal: ClassVar[frozenset[str]] = frozenset({"email"})

    invitation_id: UUID
    customer_id: UUID | None
    """None for the staff."""
    role: str
    email: str


@dataclass(frozen=True)
class InvitationResent(Event):
    """The same once more, with its whole time before it. Inside the house only: mail listens."""

    name: ClassVar[str] = "invitation.resent"
    resource: ClassVar[str] = "invitation"
    example: ClassVar[Mapping[str, Any]] = {**_EXAMPLE, "times": 2}

    invitation_id: UUID
    customer_id: UUID | None
    role: str
    times: int


@dataclass(frozen=True)
class InvitationAccepted(Event):
    """Somebody came in."""

    name: ClassVar[str] = "invitation.accepted"
    resource: ClassVar[str] = "invitation"
    example: ClassVar[Mapping[str, Any]] = {**_EXAMPLE, "userId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a01"}

    invitation_id: UUID
    customer_id: UUID | None
    role: str
    user_id: UUID


@dataclass(frozen=True)
class InvitationWithdrawn(Event):
    """Whoever has the link does not come in by it any more."""

    name: ClassVar[str] = "invitation.withdrawn"
    resource: ClassVar[str] = "invitation"
    example: ClassVar[Mapping[str, Any]] = _EXAMPLE

    invitation_id: UUID
    customer_id: UUID | None
    role: str
