"""Mails about services: to those who use them, and to staff when one gets stuck on its way."""

from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.messages import service as messages
from app.features.provisioning.events import ServiceFailed, ServiceProvisioned, ServiceStuck
from app.features.subscriptions.events import SubscriptionSuspended, SubscriptionTerminated
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.access import Role


def service_ready(event: ServiceProvisioned) -> None:
    """Tell those who use it that it is there. The mail leads to the page; how to get in is shown only there."""
    _tell("service_ready", event.customer_id, event.subscription_id, fact=event.job_id)


def _tell(template: str, customer_id: UUID, subscription_id: UUID, *, fact: object) -> None:
    people = sa.select(User).where(
        User.customer_id == customer_id, User.customer_role >= Role.MEMBER, User.disabled_at.is_(None)
    )
    for user in db.session().scalars(people):
        messages.queue(template, to_user=user, subject_type="subscription", subject_id=subscription_id, fact=fact)


def service_suspended(event: SubscriptionSuspended) -> None:
    """Tell those who use it that it is switched off, and why."""
    revision = db.session().get_one(Subscription, event.subscription_id).revision
    _tell("service_suspended", event.customer_id, event.subscription_id, fact=f"{event.subscription_id}:{revision}")


def service_ended(event: SubscriptionTerminated) -> None:
    """Tell those who used it that it has ended."""
    _tell("service_ended", event.customer_id, event.subscription_id, fact=event.subscription_id)


def task_stuck(event: ServiceStuck) -> None:
    """Wake the staff who look after the house: once for each task."""
    _wake(event.job_id, fact=event.job_id)


def task_failed(event: ServiceFailed) -> None:
    """The same for one that was given up, each time that it is."""
    _wake(event.job_id, fact=f"{event.job_id}:{clock.now().isoformat()}")


def _wake(job_id: UUID, *, fact: object) -> None:
    staff = sa.select(User).where(User.staff_role >= Role.ADMIN, User.disabled_at.is_(None))
    for user in db.session().scalars(staff):
        messages.queue("task_stuck", to_user=user, subject_type="provisioning_job", subject_id=job_id, fact=fact)
