"""`/api/v1/staff`: who works here."""

from uuid import UUID

from app.features.accounts import members
from app.features.accounts.members import AccessEnded
from app.features.accounts.models import User
from app.features.accounts.rights import AboveYou
from app.features.people import finding, service
from app.features.people.api import LIMITS, TOUCHING
from app.features.people.schemas import InvitationOut, PersonOut, RoleIn, StaffInvitationIn, role_of
from app.features.people.service import AlreadyHere, AlreadyInvited
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("staff", prefix="/api/v1/staff", tag="Staff")


@routes.get("")
@requires(staff=Role.ADMIN)
def index(query: PageQuery) -> Page[PersonOut]:
    """List who works here, newest first."""
    found = finding.list_people(None, cursor=query.cursor, limit=query.limit)
    return found.showing([PersonOut.of(user) for user in found.items])


@routes.get("/<uuid:user_id>", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def show(user_id: UUID) -> PersonOut:
    """One member of staff."""
    return PersonOut.of(_found(user_id))


def _found(user_id: UUID) -> User:
    return members.find(principal(), user_id, is_staff=True)


@routes.patch("/<uuid:user_id>", errors=TOUCHING)
@requires(staff=Role.ADMIN, limits=LIMITS)
def change_role(user_id: UUID, body: RoleIn) -> PersonOut:
    """Give a colleague another role, up to your own. They are signed out and sign in again."""
    user = _found(user_id)
    members.change_role(principal(), user, role_of(body.role))
    return PersonOut.of(user)


@routes.post("/<uuid:user_id>/deactivate", errors=TOUCHING)
@requires(staff=Role.ADMIN, limits=LIMITS)
def deactivate(user_id: UUID) -> PersonOut:
    """End a colleague's access until it is given back. Every login of theirs ends."""
    user = _found(user_id)
    members.deactivate(principal(), user)
    return PersonOut.of(user)


@routes.post("/<uuid:user_id>/reactivate", errors=TOUCHING)
@requires(staff=Role.ADMIN, limits=LIMITS)
def reactivate(user_id: UUID) -> PersonOut:
    """Give a colleague's access back."""
    user = _found(user_id)
    members.reactivate(principal(), user)
    return PersonOut.of(user)


@routes.post("/<uuid:user_id>/password-links", errors=(*TOUCHING, AccessEnded))
@requires(staff=Role.ADMIN, limits=LIMITS)
def send_link(user_id: UUID) -> None:
    """Mail a colleague a link to set a password. Links sent before end."""
    members.send_link(principal(), _found(user_id))


@routes.delete("/<uuid:user_id>", errors=TOUCHING)
@requires(staff=Role.ADMIN, limits=LIMITS)
def remove(user_id: UUID) -> None:
    """Let a colleague go for good. Their address is free for an invitation."""
    members.remove(principal(), _found(user_id))


@routes.get("/invitations")
@requires(staff=Role.ADMIN)
def invitations(query: PageQuery) -> Page[InvitationOut]:
    """List the open invitations to the staff, newest first."""
    found = finding.list_invitations(None, cursor=query.cursor, limit=query.limit)
    return found.showing([InvitationOut.of(invitation) for invitation in found.items])


@routes.post("/invitations", status=201, errors=(AboveYou, AlreadyHere, AlreadyInvited))
@requires(staff=Role.ADMIN, limits=LIMITS)
def invite(body: StaffInvitationIn) -> InvitationOut:
    """Ask somebody to work here, with a role up to your own. The answer is the same whoever has the address."""
    return InvitationOut.of(service.invite(principal(), email=body.email, role=role_of(body.role)))


@routes.post("/invitations/<uuid:invitation_id>/resend", errors=(NotFound, AboveYou))
@requires(staff=Role.ADMIN, limits=LIMITS)
def resend(invitation_id: UUID) -> InvitationOut:
    """Mail an invitation again, with its whole time before it."""
    invitation = service.find(principal(), invitation_id, is_staff=True)
    service.resend(principal(), invitation)
    return InvitationOut.of(invitation)


@routes.delete("/invitations/<uuid:invitation_id>", errors=(NotFound, AboveYou))
@requires(staff=Role.ADMIN, limits=LIMITS)
def withdraw(invitation_id: UUID) -> None:
    """Let nobody in by an invitation any more."""
    service.withdraw(principal(), service.find(principal(), invitation_id, is_staff=True))
