"""The steps of a change as people read them: staff each with its outcome, customers in their own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice
from app.features.provisioning import steps
from app.features.provisioning.drivers import Step, label_of, steps_of
from app.features.provisioning.models import ACTIVATE, ProvisioningJob, ProvisioningStep
from app.features.subscriptions.models import Subscription
from app.kernel import db, words

LONGER = "It takes longer than usual. We are looking at it."


@dataclass(frozen=True)
class Line:
    """One step, as `ui.timeline` draws it."""

    state: str
    title: str
    text: str = ""
    when: str = ""
    href: str = ""
    """Where the reader does what it waits for."""
    label: str = ""


def for_staff(job: ProvisioningJob, zone: str) -> list[Line]:
    """Every step of one job with what came of it. One query."""
    titles = _named(job)
    lines = []
    for row in steps.of(job.id):
        moment = row.finished_at or row.started_at
        state = "next" if job.cancelled_at and row.state == "now" else row.state
        tried = f" Try {row.tries}." if row.tries > 1 else ""
        title = titles[row.name].title if row.name in titles else row.name
        lines.append(Line(state, title, f"{row.outcome}{tried}".strip(), words.ago(moment, zone) if moment else ""))
    if job.cancelled_at is not None:
        lines.append(Line("done", "Taken off the list", job.cancel_reason, words.ago(job.cancelled_at, zone)))
    return lines


def _named(job: ProvisioningJob) -> dict[str, Step]:
    return {step.name: step for step in steps_of(job.driver, job.kind)}


def facts(job: ProvisioningJob, subscription: Subscription, customer: Customer, zone: str) -> list[tuple[str, str]]:
    """What staff want to know beside the task."""
    link = Markup('<a href="{}">{}</a>').format
    pairs = [
        ("Service", link(f"/admin/subscriptions/{subscription.id}", subscription.plan_name)),
        ("Customer", link(f"/admin/customers/{customer.id}", customer.title)),
        ("How", label_of(job.driver)),
        ("Wanted", words.exact(job.created_at, zone)),
        ("Since", words.exact(job.moved_at, zone)),
    ]
    more = [
        ("Reason", job.reason),
        ("Plan before", job.previous_plan),
        ("Reference", subscription.external_ref),
        ("Alarm raised", words.exact(job.alarmed_at, zone) if job.alarmed_at else ""),
    ]
    return [*pairs, *[(label, text) for label, text in more if text]]


def jobs_of(subscription_id: UUID, *, limit: int = 20) -> Sequence[ProvisioningJob]:
    """The changes of one service, the newest first. One query."""
    wanted = sa.select(ProvisioningJob).where(ProvisioningJob.subscription_id == subscription_id)
    return db.session().scalars(wanted.order_by(ProvisioningJob.ordinal.desc()).limit(limit)).all()


def for_customer(
    subscription: Subscription, invoice: Invoice | None, *, zone: str, sees_money: bool
) -> tuple[list[Line], bool]:
    """The way of a service from the order to here, and whether it goes on by itself. Two queries at most."""
    lines = [Line("done", "Ordered", when=words.ago(subscription.created_at, zone))]
    lines += _payment(subscription, invoice, zone, sees_money=sees_money)
    found = list(jobs_of(subscription.id))
    setting_up = next((job for job in found if job.kind == ACTIVATE and job.cancelled_at is None), None)
    if setting_up is not None and subscription.set_up_at is None and subscription.ended_at is None:
        lines += _set_up(setting_up, zone)
    elif subscription.set_up_at is not None:
        lines.append(Line("done", "Set up", when=words.ago(subscription.set_up_at, zone)))
    elif subscription.ended_at is None:
        lines.append(Line("next", "We set it up"))
    open_change = next((job for job in reversed(found) if job.is_open and job.kind != ACTIVATE), None)
    if open_change is not None and subscription.set_up_at is not None:
        known = [*_named(open_change).values()][-2:]
        said = known[0].said if known else "We change it"
        lines.append(Line("now", said, "", words.ago(open_change.created_at, zone)))
    lines += _end(subscription, zone)
    goes_on = subscription.is_being_set_up or (open_change is not None and subscription.ended_at is None)
    return lines, goes_on


def _payment(subscription: Subscription, invoice: Invoice | None, zone: str, *, sees_money: bool) -> list[Line]:
    if invoice is not None and invoice.paid_at is not None:
        return [Line("done", "Paid", when=words.ago(invoice.paid_at, zone))]
    if invoice is None or not invoice.is_open or invoice.due_at is None or subscription.status != "pending":
        return []
    due = f"{f'{invoice.total.plain} is' if sees_money else 'The first invoice is'} due on "
    text = due + words.day(invoice.due_at, zone)
    if not sees_money:
        return [Line("waits", "Waiting for payment", text)]
    return [Line("waits", "Waiting for payment", text, href=f"/client/billing/{invoice.id}", label="Pay the invoice")]


def _set_up(job: ProvisioningJob, zone: str) -> list[Line]:
    """The steps in the customer's words. What went wrong inside is not theirs to read, that we look at it is."""
    named = _named(job)
    found = [_said(row, named[row.name], zone) for row in steps.of(job.id) if row.name in named]
    return found or [Line("now", "We set it up", LONGER)]


def _said(row: ProvisioningStep, step: Step, zone: str) -> Line:
    moment = row.finished_at if row.state == "done" else row.started_at
    when = words.ago(moment, zone) if moment else ""
    if row.state == "failed":
        return Line("now", step.said, LONGER, when)
    text = step.detail if row.state == "now" or (row.state == "next" and step.name == "ready") else ""
    return Line(row.state, step.said, text, when)


def _end(subscription: Subscription, zone: str) -> list[Line]:
    if subscription.ended_at is not None:
        return [Line("done", "Ended", when=words.ago(subscription.ended_at, zone))]
    if subscription.status == "suspended":
        since = words.ago(subscription.suspended_at, zone) if subscription.suspended_at else ""
        return [Line("failed", "Suspended", subscription.suspension_reason, since)]
    if subscription.status == "active" and subscription.set_up_at is not None:
        return [Line("done", "Running")]
    return []
