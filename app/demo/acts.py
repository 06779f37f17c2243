"""What happens in a customer's life, each done by the services that people use.

Bulk history is these acts, recorded once for each kind of life (`recorder`) and
written again with other names, moments and numbers (`stamps`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa

from app.demo.people import Person
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.accounts.service import Attribution
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.billing.service import LineDraft
from app.features.catalogue import service as catalogue
from app.features.catalogue.cycles import SPANS, end_of
from app.features.orders import cancelling
from app.features.orders import service as orders
from app.features.orders.models import Order
from app.features.payments import service as payments
from app.features.provisioning import service as provisioning
from app.features.provisioning import tasks
from app.features.provisioning.access import Access
from app.features.provisioning.models import ProvisioningJob
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.outbox import Claimed

PROMO = "WELCOME20"
REASONS = {
    "suspend": "The invoice is 7 days overdue.",
    "terminate": "The invoice is 30 days overdue.",
    "cancel": "The customer has found something else.",
    "end": "The customer has found something else.",
}
Given = ParamSpec("Given")
Result = TypeVar("Result")
LEASE = timedelta(minutes=2)


@dataclass(frozen=True)
class Kind:
    """What decides which rows a life writes; the rest is names, moments and numbers."""

    plan: str
    cycle: str
    promo_code: str | None
    is_company: bool


@dataclass
class Story:
    """Somebody's records, as far as the story has come."""

    kind: Kind
    person: Person
    gateway: str
    customer_id: UUID
    user_id: UUID
    subscription_id: UUID
    invoice_id: UUID
    """The newest invoice."""

    @property
    def user(self) -> User:
        """Who signed up."""
        return db.session().get_one(User, self.user_id)

    @property
    def subscription(self) -> Subscription:
        """As it stands now."""
        return db.session().get_one(Subscription, self.subscription_id)

    @property
    def invoice(self) -> Invoice:
        """As it stands now."""
        return db.session().get_one(Invoice, self.invoice_id)


def _at_once(act: Callable[Given, Result]) -> Callable[Given, Result]:
    """Do it in one transaction."""

    @wraps(act)
    def do(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with db.transaction():
            return act(*args, **kwargs)

    return do


@_at_once
def sign_up(person: Person, kind: Kind, *, gateway: str) -> Story:
    """Somebody comes and orders a plan."""
    product = catalogue.find_sellable(kind.plan)
    customer, user = accounts.register(
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        attribution=Attribution(*person.source),
        company=person.company,
        country=person.country,
    )
    accounts.update_customer(
        customer,
        city=person.city,
        address_line=person.address_line,
        postal_code=person.postal_code,
        phone=person.phone,
    )
    price = catalogue.price_of(product, kind.cycle, customer.currency)
    placed = orders.sell_to_new_customer(
        customer=customer, user=user, product=product, price=price, promo_code=kind.promo_code
    )
    return Story(kind, person, gateway, customer.id, user.id, placed.subscription.id, placed.invoice.id)


@_at_once
def pay(story: Story, *, reference: str) -> None:
    """The newest invoice is paid; what was ordered by it begins."""
    _pay(story, reference)


def _pay(story: Story, reference: str) -> None:
    invoice = story.invoice
    payments.receive(invoice.id, invoice.open, gateway=story.gateway, reference=reference)


@_at_once
def lapse(story: Story) -> None:
    """Nobody paid what was ordered: it is not waited for any longer."""
    order = db.session().scalars(sa.select(Order).where(Order.invoice_id == story.invoice_id)).one()
    cancelling.cancel(order, reason=cancelling.REASON)


def hand_over(story: Story) -> None:
    """The worker hands what is to be done by hand to the staff: as it does, but for this customer alone."""
    with db.transaction():
        claimed = [_lease(job) for job in _open_jobs(story) if job.state == "waiting"]
    for one in claimed:
        tasks.see_to(one)


def _lease(job: ProvisioningJob) -> Claimed:
    until = clock.now() + LEASE
    claimed = Claimed(ProvisioningJob, job.id, job.tenant_id, uuid4(), job.attempts + 1, until)
    job.state, job.attempts, job.lease_token = "leased", claimed.attempts, claimed.lease_token
    job.lease_until = job.next_at = until
    return claimed


def _open_jobs(story: Story) -> list[ProvisioningJob]:
    row = ProvisioningJob
    wanted = sa.select(row).where(row.subscription_id == story.subscription_id, row.state != "done")
    return list(db.session().scalars(wanted.order_by(row.ordinal)))


def set_up(story: Story) -> None:
    """Somebody on the staff does what waits to be done, and writes down how to get in."""
    hand_over(story)
    with db.transaction():
        for job in _open_jobs(story):
            is_new = job.kind == "subscription.activate"
            way_in = Access(
                host="web-07.example.com",
                user_name=story.person.email,
                password="a demo has no passwords",
                panel_url="https://web-07.example.com:8443",
            )
            provisioning.complete(job, way_in=way_in if is_new else None, reference="web-07" if is_new else "")


@_at_once
def issue_renewal(story: Story) -> None:
    """The next period is asked for, some days before it begins."""
    subscription = story.subscription
    start = subscription.period_end
    assert start is not None
    end = end_of(subscription.cycle, start)
    line = LineDraft(
        f"{subscription.plan_name}, {SPANS[subscription.cycle]}",
        subscription.price_minor,
        product_id=subscription.product_id,
        period_start=start,
        period_end=end,
    )
    customer = db.session().get_one(Customer, story.customer_id)
    invoice = billing.issue(customer=customer, lines=[line], currency=subscription.currency, due_at=start)
    story.invoice_id = invoice.id


@_at_once
def pay_renewal(story: Story, *, reference: str) -> None:
    """The next period is paid, and the service goes on."""
    _pay(story, reference)
    subscription = story.subscription
    assert subscription.period_end is not None
    start = subscription.period_end
    subscription.period_start, subscription.period_end = start, end_of(subscription.cycle, start)
    db.session().flush()


@_at_once
def suspend(story: Story) -> None:
    """It was not paid for."""
    subscriptions.suspend(story.subscription, reason=REASONS["suspend"])


@_at_once
def terminate(story: Story) -> None:
    """It was not paid for a long time."""
    subscriptions.terminate(story.subscription, reason=REASONS["terminate"])


@_at_once
def cancel(story: Story) -> None:
    """The customer does not want it any more when the paid period is over."""
    subscriptions.cancel(story.subscription, reason=REASONS["cancel"])


@_at_once
def end(story: Story) -> None:
    """The last paid day is over."""
    subscriptions.terminate(story.subscription, reason=REASONS["end"])


def period_end(cycle: str, start: datetime) -> datetime:
    """When a period that begins then is over."""
    found = end_of(cycle, start)
    assert found is not None, "a demo sells nothing that is paid once"
    return found
