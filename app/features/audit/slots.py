"""What the log adds to pages that show many rooms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.kernel import db


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

    With `actions` only those.
    """
    about = [
        sa.and_(AuditLog.resource_type == kind, AuditLog.resource_id.in_(ids)) for kind, ids in records.items() if ids
    ]
    if not about:
        return []
    row = AuditLog
    wanted = sa.select(
        row.action, row.resource_type, row.resource_id, row.actor_user_id, row.actor_key_id, row.created_at
    ).where(sa.or_(*about))
    if actions is not None:
        wanted = wanted.where(row.action.in_(actions))
    newest = wanted.order_by(row.created_at.desc(), row.id.desc()).limit(limit)
    return [Happening(*found) for found in db.session().execute(newest)]
