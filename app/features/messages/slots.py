"""What messages add to pages that show many rooms."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.messages.service import STUCK_AFTER, Health, health
from app.features.messages.story import TONES
from app.kernel import clock, db

__all__ = ["Health", "Mailbag", "MessageCard", "health", "mailbag", "messages_to"]


@dataclass(frozen=True)
class Mailbag:
    """How many mails of the present tenant are not out."""

    waiting: int
    failed: int
    kept: int
    oldest: datetime | None
    """Since when the longest waiting one has been wanted."""

    @property
    def is_stuck(self) -> bool:
        """Whether mail waits and nothing moves."""
        return self.oldest is not None and clock.now() - self.oldest > STUCK_AFTER


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


def mailbag() -> Mailbag:
    """The figures of `health` that a first page needs. One query over the index by state."""
    row = EmailMessage
    counted = sa.select(row.state, sa.func.count(), sa.func.min(row.created_at)).group_by(row.state)
    unsent = counted.where(row.state.in_(["waiting", "leased", "dead", "kept"]))
    found = {state: (count, first) for state, count, first in db.session().execute(unsent)}
    waits = [found[state] for state in ("waiting", "leased") if state in found]
    return Mailbag(
        waiting=sum(count for count, _ in waits),
        failed=found.get("dead", (0, None))[0],
        kept=found.get("kept", (0, None))[0],
        oldest=min((first for _, first in waits), default=None),
    )


def messages_to(user_ids: Collection[UUID], *, limit: int = 6) -> list[MessageCard]:
    """The newest mails to these people. One query, none for nobody."""
    if not user_ids:
        return []
    row = EmailMessage
    rows = db.session().execute(
        sa.select(row.id, row.template, row.subject_line, row.to_address, row.state, row.created_at)
        .where(row.to_user_id.in_(user_ids))
        .order_by(row.created_at.desc(), row.id.desc())
        .limit(limit)
    )
    return [
        MessageCard(row_id, subject or KINDS[template].label, to, *TONES[state], at, f"/admin/messages/{row_id}")
        for row_id, template, subject, to, state, at in rows
    ]
