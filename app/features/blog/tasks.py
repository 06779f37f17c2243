"""Posts that were given a time publish themselves."""

from uuid import UUID

import sqlalchemy as sa

from app.features.blog import service
from app.features.blog.models import Post
from app.kernel import clock, db, one_by_one, schedule, tenancy

CHUNK = 20


@schedule.scheduled("blog.publish", "* * * * *", title="Posts that publish themselves")
def publish_due() -> None:
    """Publish what is due, tenant by tenant, in chunks: what is cut short goes on at the next run.

    Raises:
        SomeFailed: some tenants' could not be published; those of the others are.
    """
    due = sa.select(Post.tenant_id).where(Post.scheduled_for <= clock.now(), Post.archived_at.is_(None))
    with db.transaction(write=False) as session:
        concerned = session.scalars(due.distinct()).all()
    one_by_one.each(concerned, _publish_due_of, what="tenants")


def _publish_due_of(tenant_id: UUID) -> None:
    published = CHUNK
    while published == CHUNK:
        with tenancy.as_tenant(tenant_id), db.transaction():
            published = service.publish_due(limit=CHUNK)
