"""Mails about another address to sign in by: the new one is asked, the old one is told and can stop or undo it."""

from app.features.accounts.events import EmailChanged, EmailChangeRequested
from app.features.accounts.models import EmailChange, User
from app.features.messages import service as messages
from app.kernel import db


def requested(event: EmailChangeRequested) -> None:
    """Ask the new address to confirm, and tell the old one how to stop it."""
    change = db.session().get_one(EmailChange, event.change_id)
    messages.queue(
        "email_confirm",
        to_address=change.new_email,
        subject_type="email_change",
        subject_id=change.id,
        fact=change.id,
        priority=messages.URGENT,
    )
    messages.queue(
        "email_change_asked",
        to_user=db.session().get_one(User, event.user_id),
        subject_type="email_undo",
        subject_id=event.undo_id,
        fact=change.id,
        priority=messages.URGENT,
    )


def changed(event: EmailChanged) -> None:
    """Tell the old address, which can undo it."""
    messages.queue(
        "email_changed",
        to_user=db.session().get_one(User, event.user_id),
        to_address=db.session().get_one(EmailChange, event.change_id).old_email,
        subject_type="email_undo",
        subject_id=event.undo_id,
        fact=event.change_id,
        priority=messages.URGENT,
    )
