"""Mails to somebody who is asked to come in: the only ones to people who are not known here."""

from app.features.messages import service as messages
from app.features.people.events import InvitationResent, UserInvited
from app.features.people.models import Invitation
from app.kernel import db


def invited(event: UserInvited | InvitationResent) -> None:
    """Ask them. The same is done whoever the address belongs to; the mail finds out when it is drawn."""
    invitation = db.session().get_one(Invitation, event.invitation_id)
    messages.queue(
        "invitation",
        to_address=invitation.email,
        subject_type="invitation",
        subject_id=invitation.id,
        fact=f"{invitation.id}:{invitation.times_sent}",
        priority=messages.URGENT,
    )
