"""One mail that waits, made through the service."""

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.models import PasswordToken, User
from app.features.accounts.specimen import Account
from app.features.messages import service, tasks
from app.features.messages.models import EmailMessage
from app.features.tenants import mailing
from app.kernel import db


def make(user: User, link: PasswordToken) -> EmailMessage:
    """The mail to `user` with the link that they asked for."""
    service.queue(
        "password_reset", to_user=user, subject_type="user", subject_id=user.id, fact=link.id, link_id=link.id
    )
    return db.session().scalars(sa.select(EmailMessage).where(EmailMessage.link_id == link.id)).one()


def at_last(_tag: str) -> None:
    """A mail server of the house's own, so that what was kept could be sent. Nothing is sent by this."""
    mailing.set_server("mail.example.com", 587, "starttls")


def of_account(account: Account, _tag: str) -> None:
    """A mail to its owner with a link; where there is no mail server it is drawn and kept, as the worker does."""
    make(account.owner, accounts.start_password_link(account.owner, "reset"))
    db.session().flush()
    if not mailing.has_server():
        tasks.deliver()
