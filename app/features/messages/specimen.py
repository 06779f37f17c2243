"""One mail that waits, made through the service."""

import sqlalchemy as sa

from app.features.accounts.models import PasswordToken, User
from app.features.messages import service
from app.features.messages.models import EmailMessage
from app.kernel import db


def make(user: User, link: PasswordToken) -> EmailMessage:
    """The mail to `user` with the link that they asked for."""
    service.queue(
        "password_reset", to_user=user, subject_type="user", subject_id=user.id, fact=link.id, link_id=link.id
    )
    return db.session().scalars(sa.select(EmailMessage).where(EmailMessage.link_id == link.id)).one()
