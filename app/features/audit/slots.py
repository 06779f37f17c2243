"""What the log adds to pages that show many rooms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.kernel import db

PLAIN = ("RECORD_CREATED", "RECORD_UPDATED", "RECORD_DELETED")
"""Changes of rows that no verb named: for the pages of the log, not for a history that people read."""


@dataclass(frozen=True)
class Happening:
    """One line of the log without its personal part."""

    action: str
    resource_type: str
    resource_id: UUID | None
    actor_user_id: UUID | None
    actor_key_id: UUID | None
    at: datetime


def happened_to(
    records: Mapping[str, Collection[UUID]], *, actions: Collection[str] | None = None, limit: int = 12
) -> Sequence[Happening]:
    """What was last logged about these records (ids by resource type), newest first. One query.

    With `actions` only those; else all that have a name of their own.
    """
    kinds = [kind for kind, ids in records.items() if ids]
    ids = {record_id for some in records.values() for record_id in some}
    if not ids:
        return []
    row = AuditLog
    wanted = sa.select(
        row.action, row.resource_type, row.resource_id, row.actor_user_id, row.actor_key_id, row.created_at
    ).where(row.resource_type.in_(kinds), row.resource_id.in_(ids))
    wanted = wanted.where(row.action.not_in(PLAIN) if actions is None else row.action.in_(actions))
    # An expression, so that no store walks the whole log by time instead of finding these records.
    moment = sa.func.coalesce(row.created_at, row.created_at)
    newest = wanted.order_by(moment.desc(), row.id.desc()).limit(limit)
    return [Happening(*found) for found in db.session().execute(newest)]
