"""What was cancelled ends when its paid time is over."""

import sqlalchemy as sa

from app.features.subscriptions import service
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db, schedule, tenancy

CHUNK = 100


@schedule.scheduled("subscriptions.end", "*/10 * * * *", title="Services that end")
def end_due() -> None:
    """End what is over, tenant by tenant, in chunks: what is cut short goes on at the next run."""
    over = sa.select(Subscription.tenant_id).where(Subscription.ends_at <= clock.now(), Subscription.ended_at.is_(None))
    with db.transaction(write=False) as session:
        concerned = session.scalars(over.distinct()).all()
    for tenant_id in concerned:
        ended = CHUNK
        while ended == CHUNK:
            with tenancy.as_tenant(tenant_id), db.transaction():
                ended = service.end_due(limit=CHUNK)
