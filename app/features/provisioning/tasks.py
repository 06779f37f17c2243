"""Doing what is wanted, step by step; and looking after what does not move.

Each step is written down before and after it, under the lease: a worker that
lost its lease writes nothing more, and whoever takes over begins with the first
step that is not done.
"""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.catalogue.models import UNLIMITED, Product
from app.features.provisioning import service, steps, watch, wishes
from app.features.provisioning.drivers import DRIVERS, Driver, Outcome, StepFailed, Work
from app.features.provisioning.events import ServiceStuck
from app.features.provisioning.models import TERMINATE, ProvisioningJob
from app.features.provisioning.wishes import BELL
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db, jobs, logs, metrics, outbox, tenancy, words
from app.kernel.events import publish
from app.kernel.outbox import Claimed

BATCH = 5
LEASE_SECONDS = 120
"""Longer than a step of any driver may take."""
MOST_ATTEMPTS = 5
BLOCKED = timedelta(minutes=1)
"""How soon a change that waits for another of the same service looks again, should nobody let it go."""

Job = ProvisioningJob
_log = logs.get("provisioning")


@jobs.bell(BELL, threads=2)
def perform() -> None:
    """Do every change that is due."""
    outbox.drain(Job, see_to, limit=BATCH, lease_seconds=LEASE_SECONDS, most_attempts=MOST_ATTEMPTS)


def see_to(claimed: Claimed) -> None:
    """Do what is left of one change in hand: its steps in order, until one fails or waits for a person."""
    begun = _begin(claimed)
    if begun is None:
        return
    driver, work, names = begun
    for name in names:
        with db.transaction():
            if not outbox.renew(claimed, LEASE_SECONDS):
                return
            steps.begin(claimed.id, name)
        try:
            outcome = driver.perform(name, work)
        except StepFailed as problem:
            _failed(claimed, name, problem)
            return
        if not _ended(claimed, name, outcome):
            return
    with db.transaction() as session:
        now = clock.now()
        if outbox.finish(claimed, done_at=now, moved_at=now):
            service.follow_up(session.get_one(Job, claimed.id))


def _begin(claimed: Claimed) -> tuple[Driver, Work, list[str]] | None:
    """What is to be done and which steps are left of it; None when it has to wait for another change."""
    with db.transaction() as session:
        job = session.get_one(Job, claimed.id)
        if _is_blocked(job):
            outbox.retry(claimed, BLOCKED, "Waits for the change before it.", counts=False)
            return None
        driver = DRIVERS.get(job.driver)
        if driver is None:
            _give_up(claimed, job, "", f"{job.plan} names the driver {job.driver!r}, which is not installed.")
            return None
        if not steps.of(job.id):
            steps.lay_out(job.id, job.driver, job.kind)  # it was wanted before its driver was there
        left = {row.name for row in steps.of(job.id) if row.state != "done"}
        return driver, _work(job), [step.name for step in driver.steps(job.kind) if step.name in left]


def _is_blocked(job: ProvisioningJob) -> bool:
    """Whether an earlier change of the same service is open, and needed."""
    wishes.end_obsolete(job.kind, job.subscription_id, before=job.ordinal)
    earlier = sa.select(Job.id).where(
        Job.subscription_id == job.subscription_id, Job.ordinal < job.ordinal, Job.state != "done"
    )
    return db.session().scalar(earlier.limit(1)) is not None


def _work(job: ProvisioningJob) -> Work:
    session = db.session()
    subscription = session.get_one(Subscription, job.subscription_id)
    product = session.get_one(Product, subscription.product_id)
    return Work(
        job_id=job.id,
        kind=job.kind,
        subscription_id=subscription.id,
        plan=product.slug,
        plan_name=subscription.plan_name,
        previous_plan=job.previous_plan,
        customer=session.get_one(Customer, job.customer_id).title,
        limits=limits_of(product),
        reason=job.reason or "none given",
        external_ref=subscription.external_ref,
        settings=product.driver_settings,
    )


def limits_of(product: Product) -> str:
    """`1 website, 10 GB storage, unlimited bandwidth, 5 mailboxes`."""
    bandwidth = (
        "unlimited bandwidth" if product.bandwidth_gb == UNLIMITED else f"{product.bandwidth_gb:,} GB bandwidth a month"
    )
    sites, boxes = words.plural(product.websites, "website"), words.plural(product.mailboxes, "mailbox", "mailboxes")
    return f"{sites}, {product.storage_gb:,} GB storage, {bandwidth}, {boxes}"


def _ended(claimed: Claimed, name: str, outcome: Outcome) -> bool:
    """Write down what came of a step; whether to go on with the next."""
    with db.transaction() as session:
        if not outcome.is_held:
            if not outbox.renew(claimed, LEASE_SECONDS):
                return False
            steps.end(claimed.id, name, outcome.text)
            if outcome.instructions:
                session.get_one(Job, claimed.id).instructions = outcome.instructions
            return True
        if outbox.hold(claimed, moved_at=clock.now()) and _is_overtaken(session.get_one(Job, claimed.id)):
            service.cancel(session.get_one(Job, claimed.id), reason="Not needed any more: the service has ended.")
        return False


def _is_overtaken(job: ProvisioningJob) -> bool:
    """Whether the service ended while this was in hand."""
    if job.kind == TERMINATE:
        return False
    ended = sa.select(Subscription.ended_at).where(Subscription.id == job.subscription_id)
    return db.session().scalar(ended) is not None


def _failed(claimed: Claimed, name: str, problem: StepFailed) -> None:
    """Try again with growing pauses; give up when that is pointless."""
    with db.transaction() as session:
        job = session.get_one(Job, claimed.id)
        if problem.is_final or claimed.attempts >= MOST_ATTEMPTS:
            _give_up(claimed, job, name, problem.reason)
        elif outbox.retry(claimed, outbox.backoff(claimed.attempts), problem.reason):
            steps.fail(job.id, name, logs.clean(problem.reason, service.LONGEST_REASON))


def _give_up(claimed: Claimed, job: ProvisioningJob, name: str, reason: str) -> None:
    now = clock.now()
    if outbox.dead(claimed, reason, failed_at=now, moved_at=now):
        steps.fail(job.id, name, logs.clean(reason, service.LONGEST_REASON))
        service.tell_failed(job, step=name, reason=logs.clean(reason, service.LONGEST_REASON))


@jobs.scheduled("provisioning.watch", "* * * * *", title="Stuck set-ups")
def look_after() -> None:
    """Raise an alarm, once for each, for what is stuck; tell of what died without a word."""
    with db.transaction(write=False):
        concerned = watch.tenants_concerned()
    for tenant_id in concerned:
        with tenancy.as_tenant(tenant_id), db.transaction():
            for job in watch.unspoken():
                job.failed_at = clock.now()
                service.tell_failed(job, step=_failed_step(job.id), reason=job.last_error or "It broke.")
            for job in watch.newly_stuck():
                raise_alarm(job)


def _failed_step(job_id: UUID) -> str:
    return next((row.name for row in steps.of(job_id) if row.state != "done"), "")


def raise_alarm(job: ProvisioningJob) -> None:
    """Say that it is stuck: in the log, in the figures, to everybody who listens."""
    job.alarmed_at = clock.now()
    kind = job.kind.partition(".")[2]
    _log.warning("provisioning stuck", job=str(job.id), kind=kind, state=job.state, since=job.moved_at.isoformat())
    metrics.JOBS.labels("provisioning", "stuck").inc()
    publish(ServiceStuck(job.subscription_id, job.customer_id, job.plan, job.id, kind, job.moved_at))
