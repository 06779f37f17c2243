"""What happens by itself: publishing at its time, and keeping the figures."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.kb import counting, publishing
from app.features.tenants.models import Tenant
from app.kernel import clock, db, logs, one_by_one, schedule, tenancy
from app.kernel.errors import Refusal

_log = logs.get("kb")


@schedule.scheduled("kb.publish", "* * * * *", title="Articles that publish themselves")
def publish_due() -> None:
    """Publish what is due, each article in a transaction of its own: one that fails stops no other.

    Raises:
        SomeFailed: some could not be published; they are tried again at the next run.
    """
    at = clock.now()
    with db.transaction(write=False):
        ready = publishing.due(at)
    one_by_one.each(ready, lambda due: _publish(*due, at), what="articles")


def _publish(tenant_id: UUID, article_id: UUID, at: datetime) -> None:
    with tenancy.as_tenant(tenant_id):
        try:
            with db.transaction():
                publishing.publish_due(article_id, at)
        except Refusal as refusal:  # it would be refused every minute from now on
            _log.warning("article not published", article=str(article_id), reason=refusal.text)
            with db.transaction():
                publishing.give_up(article_id, at)


@schedule.scheduled("kb.tidy", "23 2 * * *", title="Old searches of the help centre")
def tidy() -> None:
    """Reckon anew what was read of late, let go of what is too old, and mend the index, tenant by tenant.

    Raises:
        SomeFailed: some tenants' could not be tidied; those of the others are.
    """
    with db.transaction(write=False) as session:
        tenants = session.scalars(sa.select(Tenant.id).order_by(Tenant.id)).all()
    one_by_one.each(tenants, _tidy, what="tenants")


def _tidy(tenant_id: UUID) -> None:
    with tenancy.as_tenant(tenant_id), db.transaction():
        counting.tidy()
        publishing.mend()
