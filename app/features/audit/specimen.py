"""One row of the log, made through the service."""

from uuid import UUID

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from app.features.audit import listing, prepared, service, tasks
from app.features.audit.models import AuditLog
from app.kernel import db
from app.kernel.access import Principal


def make(user_id: UUID) -> AuditLog:
    """Somebody signed out."""
    service.record("USER_LOGOUT", resource_type="user", resource_id=user_id, person_id=user_id)
    db.session().flush()
    newest = sa.select(AuditLog).where(AuditLog.resource_id == user_id).order_by(AuditLog.id.desc()).limit(1)
    return db.session().scalars(newest).one()


def of_staff(who: Principal) -> UUID:
    """A file of the log, made; its id. Does the worker's part itself."""
    asked = prepared.ask(who, "csv", listing.read(MultiDict(), zone="UTC"), zone="UTC")
    db.session().flush()
    tasks.make_exports()
    return asked.id
