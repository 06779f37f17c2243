"""Services on their way, made as tests need them: through the chain that customers' orders take."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.billing.events import InvoicePaid
from app.features.orders import service as orders
from app.features.orders.service import Placed
from app.features.provisioning import service, tasks
from app.features.provisioning.access import Access
from app.features.provisioning.drivers import Outcome, Step, StepFailed, Work
from app.features.provisioning.models import ProvisioningJob
from app.features.subscriptions.models import Subscription
from app.kernel import db
from tests.orders.factories import make_order

SECRET = "correct-horse-battery"
WAY_IN = Access(
    host="web-07.example.net", user_name="u_acme", password=SECRET, panel_url="https://panel.example.net", notes="Hi"
)


def paid_event(placed: Placed) -> InvoicePaid:
    """The news that the order's invoice is paid."""
    invoice = placed.invoice
    assert invoice.number is not None
    return InvoicePaid(invoice.id, invoice.customer_id, invoice.number, invoice.total_minor, invoice.currency)


def make_paid(user: User, **wanted: str) -> Subscription:
    """Something ordered and paid: active, its set-up wanted."""
    placed = make_order(user, **wanted)
    orders.on_invoice_paid(paid_event(placed))
    return placed.subscription


def jobs_of(subscription: Subscription | UUID) -> Sequence[ProvisioningJob]:
    """Every job of a service, in order, read anew."""
    subscription_id = subscription if isinstance(subscription, UUID) else subscription.id
    wanted = sa.select(ProvisioningJob).where(ProvisioningJob.subscription_id == subscription_id)
    ordered = wanted.order_by(ProvisioningJob.ordinal).execution_options(populate_existing=True)
    return db.session().scalars(ordered).all()


def make_task(user: User, **wanted: str) -> ProvisioningJob:
    """Something paid whose set-up waits for a person."""
    subscription = make_paid(user, **wanted)
    db.session().flush()
    tasks.perform()
    (job,) = jobs_of(subscription)
    assert job.is_task
    return job


def make_running(user: User, **wanted: str) -> Subscription:
    """Something paid and set up, with a way in."""
    job = make_task(user, **wanted)
    service.complete(job, way_in=WAY_IN, reference="web-07/u_acme")
    return db.session().get_one(Subscription, job.subscription_id)


class Robot:
    """A driver of three steps that fails, breaks or dies as told, and remembers what it was asked."""

    name = "robot"
    label = "Robot"
    is_by_hand = False

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.problems: dict[str, list[BaseException]] = {}

    def steps(self, kind: str) -> Sequence[Step]:
        return tuple(Step(name, name.title(), name.title()) for name in ("reserve", "install", "check"))

    def perform(self, step: str, work: Work) -> Outcome:
        self.asked.append(step)
        waiting = self.problems.get(step)
        if waiting:
            raise waiting.pop(0)
        return Outcome(f"{step} done")


def refuses(reason: str, *, is_final: bool = False) -> StepFailed:
    """What a driver says when a step cannot be done."""
    return StepFailed(reason, is_final=is_final)
