"""Mails about getting in: passwords, addresses, roles, and asking and being asked to come in. They go before others."""

from functools import partial
from uuid import UUID

from app.features.accounts.events import (
    EmailChanged,
    EmailChangeRequested,
    PasswordChanged,
    PasswordLinkRequested,
    SignUpRequested,
    UserRoleChanged,
)
from app.features.accounts.models import EmailChange, SignUp, User
from app.features.messages import service as messages
from app.features.people.events import InvitationResent, UserInvited
from app.features.people.models import Invitation
from app.kernel import db
from app.kernel.ids import new_id

_queue = partial(messages.queue, priority=messages.URGENT)


def password_link(event: PasswordLinkRequested) -> None:
    """Send the link that somebody asked for."""
    _tell("password_reset", event.user_id, fact=event.link_id, link_id=event.link_id)


def _tell(template: str, user_id: UUID, *, fact: UUID, link_id: UUID | None = None) -> None:
    user = db.session().get_one(User, user_id)
    _queue(template, to_user=user, subject_type="user", subject_id=user.id, fact=fact, link_id=link_id)


def password_changed(event: PasswordChanged) -> None:
    """Tell a person that their password was changed, in case it was not them."""
    _tell("password_changed", event.user_id, fact=event.link_id)


def role_changed(event: UserRoleChanged) -> None:
    """Tell somebody who can sign in what they may do from now on: each time anew."""
    if db.session().get_one(User, event.user_id).disabled_at is None:
        _tell("role_changed", event.user_id, fact=new_id())


def sign_up_requested(event: SignUpRequested) -> None:
    """Send the link; whoever has an account already is told so instead, found out when the mail is drawn."""
    row = db.session().get_one(SignUp, event.sign_up_id)
    _queue("sign_up", to_address=row.email, subject_type="sign_up", subject_id=row.id, fact=row.id)


def invited(event: UserInvited | InvitationResent) -> None:
    """Ask them. The same is done whoever the address belongs to; the mail finds out when it is drawn."""
    row = db.session().get_one(Invitation, event.invitation_id)
    fact = f"{row.id}:{row.times_sent}"
    _queue("invitation", to_address=row.email, subject_type="invitation", subject_id=row.id, fact=fact)


def email_change_requested(event: EmailChangeRequested) -> None:
    """Ask the new address to confirm, and tell the old one how to stop it."""
    row = db.session().get_one(EmailChange, event.change_id)
    _queue("email_confirm", to_address=row.new_email, subject_type="email_change", subject_id=row.id, fact=row.id)
    _tell_old("email_change_asked", event)


def email_changed(event: EmailChanged) -> None:
    """Tell the old address, which can undo it."""
    _tell_old("email_changed", event)


def _tell_old(template: str, event: EmailChangeRequested | EmailChanged) -> None:
    session = db.session()
    _queue(
        template,
        to_user=session.get_one(User, event.user_id),
        to_address=session.get_one(EmailChange, event.change_id).old_email,
        subject_type="email_undo",
        subject_id=event.undo_id,
        fact=event.change_id,
    )
