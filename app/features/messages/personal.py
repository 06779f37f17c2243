"""What mails tell about people."""

from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import EmailChange
from app.features.accounts.personal import addresses_of
from app.features.messages.models import EmailMessage
from app.features.people.models import Invitation
from app.features.provisioning.models import ProvisioningJob
from app.kernel.personal import Held


def _to(user_id: UUID) -> sa.ColumnElement[bool]:
    """To the person; to an address of theirs, before they were known here; or to one that they asked to sign in by."""
    changes = sa.select(EmailChange.id).where(EmailChange.user_id == user_id)
    is_asked = sa.and_(EmailMessage.subject_type == "email_change", EmailMessage.subject_id.in_(changes))
    is_known = EmailMessage.address_key.in_(addresses_of(user_id))
    return sa.or_(
        EmailMessage.to_user_id == user_id, sa.and_(EmailMessage.to_user_id.is_(None), sa.or_(is_known, is_asked))
    )


def _inviting_to(customer_id: UUID) -> sa.ColumnElement[bool]:
    """To whoever was asked to join the account, in the name of its people."""
    invitations = sa.select(Invitation.id).where(Invitation.customer_id == customer_id)
    return sa.and_(EmailMessage.subject_type == "invitation", EmailMessage.subject_id.in_(invitations))


def _to_staff_about(customer_id: UUID) -> sa.ColumnElement[bool]:
    """To whoever looks after set-ups: those name the customer."""
    jobs = sa.select(ProvisioningJob.id).where(ProvisioningJob.customer_id == customer_id)
    return sa.and_(EmailMessage.subject_type == "provisioning_job", EmailMessage.subject_id.in_(jobs))


HELD = (
    Held("mails_to_staff", EmailMessage, of_customer=_to_staff_about, removed=True),
    Held(
        "mails",
        EmailMessage,
        ("created_at", "template", "to_address", "subject_line", "body_text", "state", "sent_at"),
        of_customer=_inviting_to,
        of_person=_to,
        removed=True,
    ),
)
