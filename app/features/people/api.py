"""`/api/v1/people`: the people of a customer's account, for themselves and for staff."""

from uuid import UUID

from app.features.accounts import members
from app.features.accounts.merged import Merged
from app.features.accounts.models import User
from app.features.accounts.rights import AboveYou, LastOwner, NotYourself
from app.features.people import finding, service
from app.features.people.schemas import InvitationIn, InvitationOut, PeopleQuery, PersonOut, RoleIn, role_of
from app.features.people.service import AccountClosed, AlreadyHere, AlreadyInvited
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import Page

routes = ApiRoutes("people", prefix="/api/v1/people", tag="People")

TOUCHING = (NotFound, AboveYou, NotYourself, LastOwner)
LIMITS = ("60/hour",)


@routes.get("", errors=(NotFound,))
@requires(staff=Role.VIEWER, customer=Role.VIEWER)
def index(query: PeopleQuery) -> Page[PersonOut]:
    """List the people of an account, newest first."""
    customer_id = finding.account_of(principal(), query.customer_id)
    found = finding.list_people(customer_id, cursor=query.cursor, limit=query.limit)
    return found.showing([PersonOut.of(user) for user in found.items])


@routes.delete("/me", errors=(NotFound, LastOwner))
@requires(customer=Role.VIEWER, limits=("10/hour",))
def leave() -> None:
    """Leave your account. Your sign-in is gone; the last owner stays."""
    members.leave(principal())


@routes.get("/<uuid:user_id>", errors=(NotFound,))
@requires(staff=Role.VIEWER, customer=Role.VIEWER)
def show(user_id: UUID) -> PersonOut:
    """One person of an account."""
    return PersonOut.of(_found(user_id))


def _found(user_id: UUID) -> User:
    return members.find(principal(), user_id)


@routes.patch("/<uuid:user_id>", errors=TOUCHING)
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def change_role(user_id: UUID, body: RoleIn) -> PersonOut:
    """Give somebody another role. They are signed out and sign in again."""
    user = _found(user_id)
    members.change_role(principal(), user, role_of(body.role))
    return PersonOut.of(user)


@routes.post("/<uuid:user_id>/deactivate", errors=TOUCHING)
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def deactivate(user_id: UUID) -> PersonOut:
    """End somebody's access until it is given back. Every login of theirs ends."""
    user = _found(user_id)
    members.deactivate(principal(), user)
    return PersonOut.of(user)


@routes.post("/<uuid:user_id>/reactivate", errors=TOUCHING)
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def reactivate(user_id: UUID) -> PersonOut:
    """Give somebody's access back."""
    user = _found(user_id)
    members.reactivate(principal(), user)
    return PersonOut.of(user)


@routes.delete("/<uuid:user_id>", errors=TOUCHING)
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def remove(user_id: UUID) -> None:
    """Let somebody go for good. Their address is free for an invitation."""
    members.remove(principal(), _found(user_id))


@routes.get("/invitations", errors=(NotFound,))
@requires(staff=Role.ADMIN, customer=Role.ADMIN)
def invitations(query: PeopleQuery) -> Page[InvitationOut]:
    """List the open invitations to an account, newest first."""
    customer_id = finding.account_of(principal(), query.customer_id)
    found = finding.list_invitations(customer_id, cursor=query.cursor, limit=query.limit)
    return found.showing([InvitationOut.of(invitation) for invitation in found.items])


@routes.post(
    "/invitations", status=201, errors=(NotFound, Merged, AboveYou, AccountClosed, AlreadyHere, AlreadyInvited)
)
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def invite(body: InvitationIn) -> InvitationOut:
    """Ask somebody to join an account. The answer is the same whoever has the address already."""
    customer_id = finding.account_of(principal(), body.customer_id)
    return InvitationOut.of(
        service.invite(principal(), email=body.email, role=role_of(body.role), customer_id=customer_id)
    )


@routes.post("/invitations/<uuid:invitation_id>/resend", errors=(NotFound, Merged, AboveYou, AccountClosed))
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def resend(invitation_id: UUID) -> InvitationOut:
    """Mail an invitation again, with its whole time before it."""
    invitation = service.find(principal(), invitation_id)
    service.resend(principal(), invitation)
    return InvitationOut.of(invitation)


@routes.delete("/invitations/<uuid:invitation_id>", errors=(NotFound, AboveYou))
@requires(staff=Role.ADMIN, customer=Role.ADMIN, limits=LIMITS)
def withdraw(invitation_id: UUID) -> None:
    """Let nobody in by an invitation any more."""
    service.withdraw(principal(), service.find(principal(), invitation_id))
