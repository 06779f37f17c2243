"""The lists of people: who works here, who belongs to a customer, and who is asked to come in."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.links import unused
from app.features.accounts.models import User
from app.features.people.models import Invitation
from app.kernel.access import Role
from app.kernel.lists import NOW, Begins, Choice, Listing, Search, Sort, Words

INVITED = "invited"
_STATES = {"active": User.disabled_at.is_(None), "deactivated": User.disabled_at.is_not(None), INVITED: sa.false()}
_OPEN = unused(Invitation)


class Person(NamedTuple):
    """One person in a list."""

    id: UUID
    first_name: str
    last_name: str
    email: str
    staff_role: int | None
    customer_role: int | None
    disabled_at: datetime | None
    last_sign_in_at: datetime | None
    password_set_at: datetime | None
    created_at: datetime

    @property
    def name(self) -> str:
        """First and last name, or the e-mail where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def role(self) -> Role:
        """The role on the side this person is on."""
        return Role(self.staff_role or self.customer_role or Role.VIEWER)


class Asked(NamedTuple):
    """One open invitation in a list."""

    id: UUID
    email: str
    role: int
    invited_by: UUID
    expires_at: datetime
    delivered_at: datetime | None
    times_sent: int
    created_at: datetime


STAFF = Listing(
    name="staff",
    here="/admin/staff",
    model=User,
    columns=tuple(getattr(User, name) for name in Person._fields),
    row=Person,
    where=(User.staff_role.is_not(None), User.removed_at.is_(None)),
    filters=(
        Choice("role", {role.name: User.staff_role == int(role) for role in Role}),
        Choice("status", _STATES),
    ),
    search=Search("q", Words("user", User.id)),
    sorts={
        "newest": Sort("Newest first", User.created_at, is_falling=True),
        "oldest": Sort("Oldest first", User.created_at),
    },
)
PEOPLE = Listing(
    name="people",
    here="/client/people",
    model=User,
    columns=tuple(getattr(User, name) for name in Person._fields),
    row=Person,
    of=User.customer_id,
    where=(User.removed_at.is_(None),),
    filters=(
        Choice("role", {role.name: User.customer_role == int(role) for role in Role}),
        Choice("status", _STATES),
    ),
    search=Search("q", Words("user", User.id)),
    sorts={
        "oldest": Sort("Oldest first", User.created_at),
        "newest": Sort("Newest first", User.created_at, is_falling=True),
    },
)
_ROLES = Choice("role", {role.name: Invitation.role == int(role) for role in Role})
_WAITING = Choice("state", {"waiting": Invitation.expires_at > NOW, "over": Invitation.expires_at <= NOW})
_NEWEST = {"newest": Sort("Newest first", Invitation.created_at, is_falling=True)}
_COLUMNS = tuple(getattr(Invitation, name) for name in Asked._fields)
ASKED_STAFF = Listing(
    name="staff-invitations",
    here="/admin/staff",
    model=Invitation,
    columns=_COLUMNS,
    row=Asked,
    where=(_OPEN, Invitation.customer_id.is_(None)),
    filters=(_ROLES, _WAITING),
    search=Search("q", Begins(Invitation.email_key, fold=str.lower)),
    sorts=_NEWEST,
)
ASKED_PEOPLE = Listing(
    name="people-invitations",
    here="/client/people",
    model=Invitation,
    columns=_COLUMNS,
    row=Asked,
    of=Invitation.customer_id,
    where=(_OPEN,),
    filters=(_ROLES, _WAITING),
    search=Search("q", Begins(Invitation.email_key, fold=str.lower)),
    sorts=_NEWEST,
)
