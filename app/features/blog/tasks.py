"""Posts that were given a time publish themselves."""

from uuid import UUID

from app.features.blog import service
from app.kernel import db, one_by_one, schedule, tenancy


@schedule.scheduled("blog.publish", "* * * * *", title="Posts that publish themselves")
def publish_due() -> None:
    """Publish what is due, each post in a transaction of its own: one that fails stops no other.

    Raises:
        SomeFailed: some could not be published; they are tried again at the next run.
    """
    with db.transaction(write=False):
        due = service.due()
    one_by_one.each(due, lambda post: _publish(*post), what="posts")


def _publish(tenant_id: UUID, post_id: UUID) -> None:
    with tenancy.as_tenant(tenant_id), db.transaction():
        service.publish_due(post_id)
