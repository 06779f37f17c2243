"""What messages add to pages that show many rooms."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.messages.figures import Health as Mailbag
from app.features.messages.figures import health as mailbag
from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.messages.story import TONES
from app.kernel import db

__all__ = ["Mailbag", "MessageCard", "mailbag", "messages_to"]


@dataclass(frozen=True)
class MessageCard:
    """One mail as lists and cards show it."""

    message_id: UUID
    subject: str
    to_address: str
    tone: str
    """The state's tone, as `ui.state` takes it."""
    state: str
    """The state in words."""
    wanted_at: datetime
    href: str
    """Its page for staff."""


def messages_to(user_ids: Collection[UUID], *, sees_money: bool, limit: int = 6) -> list[MessageCard]:
    """The newest mails to these people. One query, none for nobody."""
    if not user_ids:
        return []
    row = EmailMessage
    rows = db.session().execute(
        sa.select(row.id, row.template, row.subject_line, row.to_address, row.state, row.created_at)
        .where(row.to_user_id.in_(user_ids))
        # An expression, so that no store walks all mail by time instead of finding these people's.
        .order_by(sa.func.coalesce(row.created_at, row.created_at).desc(), row.id.desc())
        .limit(limit)
    )
    return [
        MessageCard(
            row_id, KINDS[template].headline(subject, sees_money=sees_money), to, *TONES[state], at,
            f"/admin/messages/{row_id}",
        )
        for row_id, template, subject, to, state, at in rows
    ]  # fmt: skip
