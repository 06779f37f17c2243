"""What staff do with changes of services. They are wanted in `wishes`; doing them is the worker's (`tasks`)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.audit import service as audit
from app.features.catalogue.models import Product
from app.features.provisioning import access, steps
from app.features.provisioning.access import Access
from app.features.provisioning.drivers import BY_HAND, DRIVERS
from app.features.provisioning.events import ServiceFailed, ServiceProvisioned
from app.features.provisioning.models import ACTIVATE, TERMINATE, ProvisioningJob
from app.features.provisioning.wishes import BELL, cancelled
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db, jobs, logs
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.events import publish

LONGEST_REASON = 500
Job = ProvisioningJob


class NotYours(Conflict):
    """It is not where this is possible: somebody was faster, or it is over. 409."""

    code = "task_moved"


def find(job_id: UUID) -> ProvisioningJob:
    """The job with this id, for staff.

    Raises:
        NotFound: there is none in this tenant.
    """
    found = db.session().get(Job, job_id)
    if found is None:
        raise NotFound()
    return found


def about(job: ProvisioningJob) -> tuple[Subscription, Customer]:
    """The service that it changes, and whose it is. One query."""
    wanted = (
        sa.select(Subscription, Customer)
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(Subscription.id == job.subscription_id)
    )
    subscription, customer = db.session().execute(wanted).one()
    return subscription, customer


def take(job: ProvisioningJob, user_id: UUID) -> None:
    """Say that one sees to it oneself.

    Raises:
        NotYours: somebody took it already, or it waits for nobody.
    """
    now = clock.now()
    values = {"assigned_to": user_id, "assigned_at": now, "moved_at": now}
    if not _move(job, {"kept"}, Job.assigned_to.is_(None), **values):
        raise NotYours("Somebody took this task already." if job.is_task else "This task does not wait for anybody.")
    _note("SETUP_TASK_TAKEN", job)


def release(job: ProvisioningJob) -> None:
    """Give it back, for somebody else to take.

    Raises:
        NotYours: nobody has it.
    """
    values = {"assigned_to": None, "assigned_at": None, "moved_at": clock.now()}
    if not _move(job, {"kept"}, Job.assigned_to.is_not(None), **values):
        raise NotYours("Nobody has this task.")
    _note("SETUP_TASK_RELEASED", job)


def _move(job: ProvisioningJob, states: set[str], *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
    """Write `values` if the job stands in one of `states`; whether it did. It is read anew either way."""
    change = (
        sa.update(Job)
        .where(Job.id == job.id, Job.state.in_(sorted(states)), *conditions)
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    is_moved = db.session().execute(change).first() is not None
    db.session().refresh(job)
    return is_moved


def _note(action: str, job: ProvisioningJob, **after: str) -> None:
    said = {"kind": job.kind, "subscription_id": str(job.subscription_id), **after}
    audit.record(action, resource_type="provisioning_job", resource_id=job.id, after=said)


def complete(job: ProvisioningJob, *, way_in: Access | None = None, reference: str = "", remark: str = "") -> None:
    """A person has done it: the rest of its steps is done at once, and the customer is told.

    `way_in` is sealed and shown to nobody who does not ask; `reference` is what
    the machine calls it, for staff.

    Raises:
        NotYours: somebody completed it before, or it does not wait for a person.
    """
    now = clock.now()
    if not _move(job, {"kept"}, state="done", done_at=now, moved_at=now, last_error=None):
        raise NotYours("This task is done already." if not job.is_open else "This task does not wait for anybody.")
    steps.end(job.id, BY_HAND, logs.clean(remark, LONGEST_REASON) or "Done.")
    if way_in is not None and not way_in.is_empty:
        access.put(job.subscription_id, way_in)
    _note("SETUP_TASK_COMPLETED", job)
    follow_up(job, reference=reference)


def follow_up(job: ProvisioningJob, *, reference: str = "") -> None:
    """All its steps are done: say so, and let go what waited for it."""
    steps.end_last(job.id)
    subscription = db.session().get_one(Subscription, job.subscription_id)
    if job.kind == ACTIVATE:
        subscriptions.note_set_up(subscription, external_ref=reference)
        if subscription.ended_at is None:
            publish(ServiceProvisioned(subscription.id, job.customer_id, job.plan, job.id))
    elif reference:
        subscription.external_ref = reference
    if job.kind == TERMINATE:
        access.drop(job.subscription_id)
    let_go(job.subscription_id)


def let_go(subscription_id: UUID) -> None:
    """What waited for a change of the same service may be looked at now."""
    waiting = (
        sa.update(Job)
        .where(Job.subscription_id == subscription_id, Job.state == "waiting", Job.next_at > clock.now())
        .values(next_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    db.session().execute(waiting)
    jobs.ring(BELL)


def fail(job: ProvisioningJob, *, reason: str) -> None:
    """A person could not do it: given up until somebody tries again.

    Raises:
        Invalid: no reason is given; names `reason`.
        NotYours: it does not wait for a person.
    """
    reason = _checked(reason)
    now = clock.now()
    if not _move(job, {"kept"}, state="dead", last_error=reason, failed_at=now, moved_at=now):
        raise NotYours("This task does not wait for anybody.")
    steps.fail(job.id, BY_HAND, reason)
    _note("SETUP_TASK_FAILED", job, reason=reason)
    tell_failed(job, step=BY_HAND, reason=reason)


def tell_failed(job: ProvisioningJob, *, step: str, reason: str) -> None:
    """Tell everybody who listens that it was given up."""
    publish(ServiceFailed(job.subscription_id, job.customer_id, job.plan, job.id, step, reason))


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid.field("reason", "Say what went wrong, in a few words.")
    if len(reason) > LONGEST_REASON:
        raise Invalid.field("reason", f"At most {LONGEST_REASON} characters.")
    return reason


def retry(job: ProvisioningJob) -> None:
    """Set it going again where it stopped, with fresh attempts; by the product's driver of today if its own is gone.

    Raises:
        NotYours: it was not given up.
    """
    now = clock.now()
    fresh = {"state": "waiting", "attempts": 0, "next_at": now, "moved_at": now, "failed_at": None, "alarmed_at": None}
    if not _move(job, {"dead"}, **fresh, assigned_to=None, assigned_at=None, driver=_driver_of(job)):
        raise NotYours("Only what was given up can be tried again.")
    steps.begin_again(job.id)
    _note("SETUP_TASK_RETRIED", job)
    jobs.ring(BELL)


def _driver_of(job: ProvisioningJob) -> str:
    """Who does it. What was begun by one driver is never gone on with by another."""
    if job.driver in DRIVERS or steps.of(job.id):
        return job.driver
    wanted = sa.select(Product.driver).join(Subscription, Subscription.product_id == Product.id)
    return db.session().scalars(wanted.where(Subscription.id == job.subscription_id)).one()


def cancel(job: ProvisioningJob, *, reason: str) -> None:
    """It is not needed any more.

    Raises:
        Invalid: no reason is given; names `reason`.
        NotYours: it is over, or a worker has it in hand.
    """
    reason = _checked(reason)
    if not _move(job, {"waiting", "kept", "dead"}, **cancelled(reason)):
        raise NotYours("It is being worked on right now." if job.is_open else "This task is over already.")
    _note("SETUP_TASK_CANCELLED", job, reason=reason)
    let_go(job.subscription_id)
