"""What is done to people and invitations from their pages: the same at each door, each at its own address."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import members
from app.features.accounts.models import User
from app.features.accounts.rights import AboveYou
from app.features.people import portrait, service
from app.features.people.circles import Circle
from app.features.people.forms import InvitationForm, RoleForm
from app.features.sessions import oversight
from app.kernel.access import Role
from app.kernel.errors import Conflict, Invalid, TooMany
from app.kernel.pages import page, toast
from app.kernel.words import plural

Crumbs = list[tuple[str, str | None]]


def find(circle: Circle, user_id: UUID) -> User:
    """Somebody of the circle.

    Raises:
        NotFound: nobody of it has that id.
    """
    return members.find(circle.who, user_id, customer_id=circle.customer_id, is_staff=circle.is_staff)


def _highest(circle: Circle) -> Role:
    if circle.highest is None:
        raise AboveYou()
    return circle.highest


def show(circle: Circle, user_id: UUID, template: str, crumbs: Crumbs) -> Response:
    """One person."""
    user = find(circle, user_id)
    return _person(circle, user, template, crumbs, RoleForm(user.customer_id, _highest(circle), role=user.role.name))


def _person(
    circle: Circle, user: User, template: str, crumbs: Crumbs, form: RoleForm, *, status: int = 200
) -> Response:
    return page(
        template,
        status=status,
        circle=circle,
        it=portrait.of(circle, user),
        form=form,
        crumbs=[*crumbs, (user.name, None)],
    )


def change_role(circle: Circle, user_id: UUID, template: str, crumbs: Crumbs) -> ResponseReturnValue:
    """Give somebody another role."""
    user, form = find(circle, user_id), RoleForm(circle.customer_id, _highest(circle))
    if not form.validate_on_submit():
        return _person(circle, user, template, crumbs, form, status=422)
    was = user.role
    members.change_role(circle.who, user, form.chosen)
    if was is not user.role:
        toast("good", f"{user.name} is {user.role.name.lower()} now, and signs in again.")
    return _back(circle, user)


def _back(circle: Circle, user: User) -> ResponseReturnValue:
    return redirect(f"{circle.here}/{user.id}", 303)


def deactivate(circle: Circle, user_id: UUID) -> ResponseReturnValue:
    """End somebody's access until it is given back."""
    user = find(circle, user_id)
    members.deactivate(circle.who, user)
    toast("good", f"{user.name} is signed out everywhere and cannot sign in.")
    return _back(circle, user)


def reactivate(circle: Circle, user_id: UUID) -> ResponseReturnValue:
    """Give somebody's access back."""
    user = find(circle, user_id)
    members.reactivate(circle.who, user)
    toast("good", f"{user.name} may sign in again.")
    return _back(circle, user)


def remove(circle: Circle, user_id: UUID) -> ResponseReturnValue:
    """Let somebody go for good."""
    user = find(circle, user_id)
    members.remove(circle.who, user)
    toast("good", f"{user.name} is removed.")
    return redirect(circle.here, 303)


def send_link(circle: Circle, user_id: UUID) -> ResponseReturnValue:
    """Mail somebody a link to set a password."""
    user = find(circle, user_id)
    members.send_link(circle.who, user)
    toast("good", f"A link is on its way to {user.email}.")
    return _back(circle, user)


def end_logins(circle: Circle, user_id: UUID) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    user = find(circle, user_id)
    if not circle.may_touch(user.id, user.role):
        raise AboveYou()
    count = oversight.end_all(user)
    toast("good", f"{plural(count, 'device')} signed out." if count else f"{user.name} is signed in nowhere.")
    return _back(circle, user)


def ask(circle: Circle, template: str, crumbs: Crumbs, **context: Any) -> Response:
    """The form for an invitation."""
    form = InvitationForm(circle.customer_id, _highest(circle), role=Role.MEMBER.name)
    return page(template, circle=circle, form=form, crumbs=[*crumbs, ("Invite", None)], **context)


def invite(circle: Circle, template: str, crumbs: Crumbs, **context: Any) -> ResponseReturnValue:
    """Ask somebody to come in."""
    form, status = InvitationForm(circle.customer_id, _highest(circle)), 422
    if form.validate_on_submit():
        try:
            service.invite(circle.who, email=form.email.data, role=form.chosen, customer_id=circle.customer_id)
        except (Invalid, Conflict) as refusal:
            if not refusal.fields:
                raise
            form.blame(refusal)
        except TooMany as refusal:
            status = refusal.status
            form.email.errors = [*form.email.errors, "These are many invitations at once. Try again in an hour."]
        else:
            toast("good", f"An invitation is on its way to {form.email.data}.")
            return redirect(circle.here, 303)
    return page(template, status=status, circle=circle, form=form, crumbs=[*crumbs, ("Invite", None)], **context)


def resend(circle: Circle, invitation_id: UUID) -> ResponseReturnValue:
    """Mail an invitation again."""
    invitation = service.find(circle.who, invitation_id, customer_id=circle.customer_id, is_staff=circle.is_staff)
    service.resend(circle.who, invitation)
    toast("good", f"The invitation is on its way to {invitation.email} again.")
    return redirect(circle.here, 303)


def withdraw(circle: Circle, invitation_id: UUID) -> ResponseReturnValue:
    """Let nobody in by an invitation any more."""
    invitation = service.find(circle.who, invitation_id, customer_id=circle.customer_id, is_staff=circle.is_staff)
    service.withdraw(circle.who, invitation)
    toast("good", f"The invitation to {invitation.email} is withdrawn.")
    return redirect(circle.here, 303)
