"""People and invitations as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.accounts.models import User
from app.features.people.models import Invitation
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.paging import PageQuery
from app.kernel.schemas import Answer, Body

RoleName = Literal["owner", "admin", "billing", "member", "viewer"]


def role_of(name: RoleName) -> Role:
    """The role with that name."""
    return Role[name.upper()]


class RoleIn(Body):
    """What somebody may from now on."""

    role: RoleName


class StaffInvitationIn(Body):
    """Who is asked to work here, and as what."""

    email: Annotated[str, Field(max_length=320, examples=["ann@example.com"])]
    role: RoleName


class InvitationIn(StaffInvitationIn):
    """Who is asked to join a customer's account, and as what."""

    customer_id: Annotated[
        UUID | None, Field(strict=False, description="Whose account: for staff. A customer's people mean their own.")
    ] = None


class PeopleQuery(PageQuery):
    """Whose people."""

    customer_id: Annotated[UUID | None, Field(description="For staff. A customer's people mean their own account.")] = (
        None
    )


class PersonOut(Answer):
    """Somebody who belongs to the staff (`customer_id` is null) or to a customer's account."""

    id: UUID
    email: str
    email_verified: bool
    first_name: str
    last_name: str
    role: RoleName
    status: Literal["active", "deactivated"]
    customer_id: UUID | None
    has_password: bool
    last_sign_in_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "PersonOut":
        """`user`, as they go out."""
        return cls(
            id=user.id,
            email=user.email,
            email_verified=user.email_verified_at is not None,
            first_name=user.first_name,
            last_name=user.last_name,
            role=_name(user.role),
            status="active" if user.disabled_at is None else "deactivated",
            customer_id=user.customer_id,
            has_password=user.password_hash is not None,
            last_sign_in_at=user.last_sign_in_at,
            created_at=user.created_at,
        )


class InvitationOut(Answer):
    """An open invitation. Its link goes to its address alone."""

    id: UUID
    email: str
    role: RoleName
    status: Literal["waiting", "over"]
    customer_id: UUID | None
    invited_by: UUID
    times_sent: int
    expires_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationOut":
        """`invitation`, as it goes out."""
        return cls(
            id=invitation.id,
            email=invitation.email,
            role=_name(invitation.granted),
            status="waiting" if invitation.is_open(clock.now()) else "over",
            customer_id=invitation.customer_id,
            invited_by=invitation.invited_by,
            times_sent=invitation.times_sent,
            expires_at=invitation.expires_at,
            created_at=invitation.created_at,
        )


_NAMES: dict[Role, RoleName] = {
    Role.OWNER: "owner",
    Role.ADMIN: "admin",
    Role.BILLING: "billing",
    Role.MEMBER: "member",
    Role.VIEWER: "viewer",
}


def _name(role: Role) -> RoleName:
    return _NAMES[role]
