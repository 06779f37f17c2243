"""Invitations, made through the service."""

from itertools import count

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.models import User
from app.features.audit.models import AuditLog
from app.features.messages.models import EmailMessage
from app.features.people import service
from app.features.people.models import Invitation
from app.kernel import db
from app.kernel.access import Role
from tests.support.cast import principal_of

_numbers = count(1)


def make_invitation(
    by: User, *, email: str = "", role: Role = Role.MEMBER, customer_id=None, delivered: bool = True
) -> tuple[Invitation, str]:
    """An invitation by `by`, to the staff or to a customer's account, and its token."""
    address = email or f"new{next(_numbers)}@example.com"
    invitation = service.invite(principal_of(by), email=address, role=role, customer_id=customer_id)
    if delivered:
        accounts.mark_delivered(invitation)
    db.session().flush()
    return invitation, accounts.link_token(invitation)


def logged(action: str) -> list[AuditLog]:
    """The rows of the log with this action."""
    return list(db.session().scalars(sa.select(AuditLog).where(AuditLog.action == action)))


def mails() -> list[EmailMessage]:
    """Every mail that is an invitation, oldest first."""
    wanted = sa.select(EmailMessage).where(EmailMessage.template == "invitation")
    return list(db.session().scalars(wanted.order_by(EmailMessage.created_at, EmailMessage.id)))
