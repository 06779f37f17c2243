"""What lies ahead of a customer: the next renewal, the credit to pay it with, and what is being set up."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import credit
from app.features.catalogue.cycles import PER
from app.features.provisioning.models import ACTIVATE, ProvisioningJob, ProvisioningStep
from app.features.subscriptions.models import Subscription
from app.kernel import db, words
from app.kernel.money import Money

BEFORE = 2
"""Steps of a service's page that come before those of its set-up: ordered, and paid."""


@dataclass(frozen=True)
class Ahead:
    """What renews next, and when."""

    plan: str
    day: str
    price: str
    """Empty for those who see no money."""
    href: str


def renewal_of(customer_id: UUID, zone: str, *, sees_money: bool) -> Ahead | None:
    """The service whose paid time ends first and that goes on. One query."""
    row = Subscription
    next_one = (
        sa.select(row.id, row.plan_name, row.period_end, row.price_minor, row.currency, row.cycle)
        .where(
            row.customer_id == customer_id,
            # An expression, so that no store walks everybody's renewals instead of this customer's services.
            sa.func.coalesce(row.status, "") == "active",
            row.auto_renew.is_(True),
            row.ends_at.is_(None),
            row.period_end.is_not(None),
        )
        .order_by(sa.func.coalesce(row.period_end, row.period_end), row.id)
        .limit(1)
    )
    found = db.session().execute(next_one).one_or_none()
    if found is None:
        return None
    price = f"{Money(found.price_minor, found.currency).plain} {PER[found.cycle]}"
    day = words.day(found.period_end, zone)
    return Ahead(found.plan_name, day, price if sees_money else "", f"/client/services/{found.id}")


def credit_of(customer_id: UUID) -> str:
    """What the account has to pay with; empty when that is nothing. One query."""
    left = credit.of(customer_id)
    return left.plain if left.minor else ""


def steps_of(customer_id: UUID) -> dict[UUID, str]:
    """How far each service that is being set up has come, counted as on its own page.

    One query over what is open.
    """
    job, step = ProvisioningJob, ProvisioningStep
    done = sa.func.sum(sa.case((step.state == "done", 1), else_=0))
    rows = db.session().execute(
        sa.select(job.subscription_id, done, sa.func.count())
        .join(step, step.job_id == job.id)
        .where(job.customer_id == customer_id, job.kind == ACTIVATE, job.state != "done")
        .group_by(job.subscription_id)
    )
    return {
        subscription_id: f"step {BEFORE + int(ready) + 1} of {BEFORE + steps}" for subscription_id, ready, steps in rows
    }
