"""The list of changes of services, and what each is called."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.features.provisioning.models import KINDS, ProvisioningJob
from app.features.subscriptions.models import Subscription
from app.kernel.lists import Choice, Exact, Join, Listing, Search, Sort, Words

Job = ProvisioningJob

ACTS = {
    "subscription.activate": "Set up",
    "subscription.suspend": "Switch off",
    "subscription.resume": "Switch on",
    "subscription.upgrade": "Change the plan of",
    "subscription.terminate": "Take down",
}
"""What is to be done, before the name of the plan."""
STATES = {
    "waiting": ("info", "Waiting"),
    "leased": ("busy", "Running"),
    "kept": ("warn", "To do"),
    "dead": ("bad", "Given up"),
    "done": ("good", "Done"),
}
"""Tone and words of each state."""
TAKEN = ("busy", "In hand")
NOT_NEEDED = ("done", "Not needed")
TABS = {
    "open": ("Open", ("waiting", "leased", "kept", "dead")),
    "to-do": ("To do", ("kept",)),
    "running": ("Running", ("waiting", "leased")),
    "failed": ("Given up", ("dead",)),
    "done": ("Done", ()),
    "not-needed": ("Not needed", ()),
    "all": ("All", ()),
}
"""What each part of the list is called, and the states that are counted there: those of what is open."""


class Line(NamedTuple):
    """One change in the list."""

    id: UUID
    kind: str
    state: str
    cancelled_at: datetime | None
    plan_name: str
    customer_id: UUID
    company: str
    name: str
    driver: str
    first_name: str | None
    last_name: str | None
    last_error: str | None
    created_at: datetime
    moved_at: datetime
    done_at: datetime | None


TASKS = Listing(
    name="set-up-tasks",
    here="/admin/provisioning",
    model=Job,
    columns=(
        Job.id, Job.kind, Job.state, Job.cancelled_at, Subscription.plan_name, Job.customer_id, Customer.company,
        Customer.name, Job.driver, User.first_name, User.last_name, Job.last_error, Job.created_at, Job.moved_at,
        Job.done_at,
    ),
    row=Line,
    joins=(
        Join(Subscription, Subscription.id == Job.subscription_id),
        Join(Customer, Customer.id == Job.customer_id),
        Join(User, User.id == Job.assigned_to, outer=True),
    ),
    filters=(
        Choice(
            "state",
            {
                "open": Job.state != "done",
                "to-do": Job.state == "kept",
                "running": Job.state.in_(["waiting", "leased"]),
                "failed": Job.state == "dead",
                "done": sa.and_(Job.state == "done", Job.cancelled_at.is_(None)),
                "not-needed": sa.and_(Job.state == "done", Job.cancelled_at.is_not(None)),
                "all": sa.true(),
            },
        ),
        Exact("kind", Job.kind, KINDS),
    ),
    search=Search("q", Words("customer", Job.customer_id)),
    sorts={
        "oldest": Sort("Oldest first", Job.created_at),
        "newest": Sort("Newest first", Job.created_at, is_falling=True),
    },
)  # fmt: skip


def title_of(kind: str, plan_name: str) -> str:
    """`Set up Starter`."""
    return f"{ACTS[kind]} {plan_name}"


def state_of(state: str, *, is_taken: bool, is_cancelled: bool) -> tuple[str, str]:
    """Tone and words of where a change stands."""
    if is_cancelled:
        return NOT_NEEDED
    return TAKEN if state == "kept" and is_taken else STATES[state]
