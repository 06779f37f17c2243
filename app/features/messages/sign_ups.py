"""The mail to an address that somebody wants an account for."""

from app.features.accounts.events import SignUpRequested
from app.features.accounts.models import SignUp
from app.features.messages import service as messages
from app.kernel import db


def requested(event: SignUpRequested) -> None:
    """Send the link; whoever has an account already is told so instead, found out when the mail is drawn."""
    row = db.session().get_one(SignUp, event.sign_up_id)
    messages.queue(
        "sign_up",
        to_address=row.email,
        subject_type="sign_up",
        subject_id=row.id,
        fact=row.id,
        priority=messages.URGENT,
    )
