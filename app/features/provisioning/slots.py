"""What provisioning adds to pages that show many rooms, and its figures for those who watch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.features.provisioning import listing, watch
from app.features.provisioning.models import ProvisioningJob
from app.features.subscriptions.models import Subscription
from app.kernel import db, metrics, tenancy
from app.kernel.metrics import Gauge

Job = ProvisioningJob


@dataclass(frozen=True)
class Waiting:
    """What is open, over the whole house."""

    tasks: int
    oldest: datetime | None
    """When the oldest of them was wanted."""
    stuck: int
    """Of them, what stood still for too long, or was given up."""
    by_state: Mapping[str, int]


@dataclass(frozen=True)
class TaskCard:
    """One open change as cards show it."""

    job_id: UUID
    title: str
    tone: str
    state: str
    since: datetime
    href: str


def waiting() -> Waiting:
    """What is open and what of it is stuck. One query over what is open."""
    stuck = sa.func.sum(sa.case((watch.is_stuck(), 1), else_=0))
    counted = sa.select(Job.state, sa.func.count(), sa.func.min(Job.created_at), stuck).where(Job.state != "done")
    found = db.session().execute(counted.group_by(Job.state)).all()
    by_state = {state: count for state, count, _oldest, _stuck in found}
    oldest = min((oldest for _state, _count, oldest, _stuck in found), default=None)
    return Waiting(sum(by_state.values()), oldest, sum(int(stuck) for *_, stuck in found), by_state)


def open_tasks(customer_id: UUID, limit: int = 10) -> list[TaskCard]:
    """What is open for one customer, the oldest first. One query."""
    wanted = (
        sa.select(Job, Subscription.plan_name)
        .join(Subscription, Subscription.id == Job.subscription_id)
        .where(Job.customer_id == customer_id, Job.state != "done")
        .order_by(Job.created_at, Job.id)
        .limit(limit)
    )
    return [card(job, plan_name) for job, plan_name in db.session().execute(wanted)]


def card(job: ProvisioningJob, plan_name: str) -> TaskCard:
    """One change as cards show it."""
    tone, state = listing.state_of(
        job.state, is_taken=job.assigned_to is not None, is_cancelled=job.cancelled_at is not None
    )
    title = listing.title_of(job.kind, plan_name)
    return TaskCard(job.id, title, tone, state, job.moved_at, f"/admin/provisioning/{job.id}")


@metrics.gauges
def _figures() -> Iterable[Gauge]:
    """Open and stuck changes of the whole installation."""
    with tenancy.across_tenants("metrics"), db.transaction(write=False):
        found = waiting()
    help_text = "Changes of services that are open"
    yield "mpanel_provisioning_open", help_text, {"which": "all"}, found.tasks
    yield "mpanel_provisioning_open", help_text, {"which": "stuck"}, found.stuck
