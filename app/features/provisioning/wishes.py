"""Wanting changes of services: what follows from what became of a subscription. Each is wanted once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.features.catalogue.models import Product
from app.features.provisioning import steps
from app.features.provisioning.drivers import DRIVERS
from app.features.provisioning.models import ACTIVATE, RESUME, SUSPEND, TERMINATE, UPGRADE, ProvisioningJob
from app.features.subscriptions.events import (
    SubscriptionActivated,
    SubscriptionDowngraded,
    SubscriptionResumed,
    SubscriptionSuspended,
    SubscriptionTerminated,
    SubscriptionUpgraded,
)
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db, jobs, tenancy
from app.kernel.ids import new_id

BELL = "provisioning"
OBSOLETE: dict[str, tuple[str, ...]] = {
    ACTIVATE: (),
    SUSPEND: (RESUME,),
    RESUME: (SUSPEND,),
    UPGRADE: (UPGRADE,),
    TERMINATE: (ACTIVATE, SUSPEND, RESUME, UPGRADE),
}
"""Which earlier changes, still open, are not needed any more once one of this kind is wanted."""
UNDONE_BY: dict[str, str] = {SUSPEND: RESUME, RESUME: SUSPEND, TERMINATE: ACTIVATE}
"""What leaves nothing to do when it was never begun: a suspension that nobody made needs no resuming."""

Job = ProvisioningJob


@dataclass(frozen=True)
class _Wish:
    """A change that is wanted, of which subscription, and what is to be known about it."""

    kind: str
    subscription: Subscription
    plan: str
    reason: str = ""
    previous_plan: str = ""

    @property
    def dedupe_key(self) -> str:
        """Set up and taken down once in a life; the rest once for each change of the subscription."""
        once = self.kind in {ACTIVATE, TERMINATE}
        return f"{self.kind}:{self.subscription.id}" + ("" if once else f":{self.subscription.revision}")


def on_activated(event: SubscriptionActivated) -> None:
    """What was paid for is to be set up."""
    _want(_Wish(ACTIVATE, _subscription(event.subscription_id), event.plan))


def on_suspended(event: SubscriptionSuspended) -> None:
    """It is to be switched off."""
    _want(_Wish(SUSPEND, _subscription(event.subscription_id), event.plan, event.reason))


def on_resumed(event: SubscriptionResumed) -> None:
    """It is to be switched on again."""
    _want(_Wish(RESUME, _subscription(event.subscription_id), event.plan))


def on_switched(event: SubscriptionUpgraded | SubscriptionDowngraded) -> None:
    """It is to become another plan. Another price of the same plan changes nothing on the machine."""
    if event.plan != event.previous_plan:
        wish = _Wish(UPGRADE, _subscription(event.subscription_id), event.plan, previous_plan=event.previous_plan)
        _want(wish)


def on_terminated(event: SubscriptionTerminated) -> None:
    """It is to be taken down."""
    _want(_Wish(TERMINATE, _subscription(event.subscription_id), event.plan, event.reason))


def _subscription(subscription_id: UUID) -> Subscription:
    return db.session().get_one(Subscription, subscription_id)


def _want(wish: _Wish) -> None:
    """Want one change, once; what it makes needless ends. Nothing is wanted where nothing was done that it undoes."""
    subscription, row_id, now = wish.subscription, new_id(), clock.now()
    driver = db.session().get_one(Product, subscription.product_id).driver
    if end_obsolete(wish.kind, subscription.id, before=subscription.revision):
        return
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    wanted = insert(Job).values(
        id=row_id,
        tenant_id=tenancy.current(),
        created_at=now,
        next_at=now,
        moved_at=now,
        subscription_id=subscription.id,
        customer_id=subscription.customer_id,
        kind=wish.kind,
        ordinal=subscription.revision,
        driver=driver,
        plan=wish.plan,
        reason=wish.reason,
        previous_plan=wish.previous_plan,
        dedupe_key=wish.dedupe_key,
    )
    once = wanted.on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"]).returning(Job.id)
    if db.session().execute(once).first() is None:
        return
    steps.lay_out(row_id, driver, wish.kind)
    jobs.ring(BELL)


def end_obsolete(kind: str, subscription_id: UUID, *, before: int) -> bool:
    """End the open changes that one of `kind` makes needless; whether that left nothing to do for it either."""
    if not OBSOLETE[kind]:
        return False
    needless = (
        sa.update(Job)
        .where(
            Job.subscription_id == subscription_id,
            Job.kind.in_(OBSOLETE[kind]),
            Job.ordinal < before,
            Job.state.in_(["waiting", "kept", "dead"]),
        )
        .values(**cancelled(f"Not needed any more: {kind.partition('.')[2]} followed."))
        .returning(Job.kind, Job.driver, Job.assigned_to, Job.attempts, Job.failed_at)
        .execution_options(synchronize_session=False)
    )
    ended = db.session().execute(needless).all()
    return any(one.kind == UNDONE_BY.get(kind) and not _was_begun(one) for one in ended)


def _was_begun(job: Any) -> bool:
    """Whether anything may have been touched."""
    by_hand = DRIVERS[job.driver].is_by_hand if job.driver in DRIVERS else False
    return job.assigned_to is not None or job.failed_at is not None or (not by_hand and job.attempts > 0)


def cancelled(reason: str) -> dict[str, Any]:
    """What is written into a job that is not needed any more."""
    now = clock.now()
    return {"state": "done", "done_at": now, "cancelled_at": now, "moved_at": now, "cancel_reason": reason}
