"""Mails, made as tests need them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.models import User
from app.features.messages import service, specimen
from app.features.messages.models import EmailMessage
from app.kernel import db
from app.kernel.ids import new_id


def make_message(user: User, *, template: str = "password_changed", **columns: Any) -> EmailMessage:
    """A mail to `user` in the queue, with `columns` as given."""
    service.queue(template, to_user=user, subject_type="user", subject_id=user.id, fact=new_id())
    message = newest()
    for name, value in columns.items():
        setattr(message, name, value)
    db.session().flush()
    return message


def make_reset(user: User) -> EmailMessage:
    """A mail to `user` with a link to set a new password."""
    return specimen.make(user, accounts.start_password_link(user, "reset"))


def newest() -> EmailMessage:
    """The mail wanted last."""
    return db.session().scalars(sa.select(EmailMessage).order_by(EmailMessage.id.desc()).limit(1)).one()


def read(message_id: UUID) -> EmailMessage:
    """The mail as it stands in the store now."""
    return db.session().get_one(EmailMessage, message_id, populate_existing=True)
