"""What is stuck: it waits for a machine and does not move, or for a person and nobody took it, for ten minutes."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.features.provisioning.models import ProvisioningJob
from app.kernel import clock, db

PATIENCE = timedelta(minutes=10)
"""How long a change may stand still before it counts as stuck (SPEC 2.6)."""

Job = ProvisioningJob


def is_stuck() -> sa.ColumnElement[bool]:
    """The condition on a job: it has stood still for too long, and it is the first in line of its service.

    What somebody has taken is in good hands. What was given up is stuck at once.
    """
    earlier = aliased(Job)
    is_first = ~sa.exists().where(
        earlier.tenant_id == Job.tenant_id,
        earlier.subscription_id == Job.subscription_id,
        earlier.ordinal < Job.ordinal,
        earlier.state != "done",
    )
    stands_still = sa.and_(Job.moved_at <= clock.now() - PATIENCE, Job.assigned_to.is_(None), is_first)
    return sa.and_(Job.state != "done", sa.or_(Job.state == "dead", stands_still))


def tenants_concerned() -> Sequence[UUID]:
    """The tenants in which something has to be said. Over all of them: one query over what is open."""
    is_new = sa.or_(
        sa.and_(Job.state == "dead", Job.failed_at.is_(None)),
        sa.and_(Job.state != "dead", Job.alarmed_at.is_(None), is_stuck()),
    )
    return db.session().scalars(sa.select(Job.tenant_id).where(Job.state != "done", is_new).distinct()).all()


def unspoken() -> Sequence[ProvisioningJob]:
    """What died in a worker's hands without anybody being told."""
    return db.session().scalars(sa.select(Job).where(Job.state == "dead", Job.failed_at.is_(None)).limit(100)).all()


def longest_stuck() -> UUID | None:
    """What has been stuck for the longest time. One query."""
    return db.session().scalars(sa.select(Job.id).where(is_stuck()).order_by(Job.moved_at, Job.id).limit(1)).first()


def newly_stuck() -> Sequence[ProvisioningJob]:
    """What is stuck and was not told yet."""
    wanted = sa.select(Job).where(is_stuck(), Job.state != "dead", Job.alarmed_at.is_(None))
    return db.session().scalars(wanted.order_by(Job.moved_at).limit(100)).all()
