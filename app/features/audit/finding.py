"""One row of the log, found."""

from uuid import UUID

import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.kernel import db
from app.kernel.errors import NotFound


def find(row_id: UUID) -> AuditLog:
    """The row of the tenant that is set.

    Raises:
        NotFound: there is none of that id.
    """
    row = db.session().scalars(sa.select(AuditLog).where(AuditLog.id == row_id)).one_or_none()
    if row is None:
        raise NotFound()
    return row
