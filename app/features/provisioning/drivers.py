"""How changes of services are done: each product names its driver.

A driver knows the steps of each kind of change by name and does one at a time,
without a transaction, as often as it is asked to: a step that was done in part
by somebody who died is done again, so it looks first what is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True)
class Step:
    """One named step: in the words of staff, and in those of customers."""

    name: str
    title: str
    said: str
    """The same to the customer."""
    detail: str = ""
    """What the customer reads below it while it is on."""


@dataclass(frozen=True)
class Work:
    """What a driver is told about the change that it makes."""

    job_id: UUID
    kind: str
    """`subscription.activate` and the like."""
    subscription_id: UUID
    plan: str
    plan_name: str
    previous_plan: str
    customer: str
    limits: str
    """What the plan gives, in words."""
    reason: str
    external_ref: str
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The product's own, for this driver."""


@dataclass(frozen=True)
class Outcome:
    """What came of a step."""

    text: str = ""
    """For staff; never a secret."""
    is_held: bool = False
    """It waits for somebody outside: the step ends when they say so."""
    instructions: str = ""
    """What a person is to do, if one is to do anything."""


class StepFailed(Exception):
    """A step could not be done. `is_final` when trying again is pointless."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


class Driver(Protocol):
    """What makes, changes and takes down services of one sort."""

    name: str
    label: str
    is_by_hand: bool
    """Nothing is touched before a person takes the task."""

    def steps(self, kind: str) -> Sequence[Step]:
        """The steps of such a change, in order. The same each time."""
        ...

    def perform(self, step: str, work: Work) -> Outcome:
        """Do one step. Safe to repeat.

        Raises:
            StepFailed: it could not be done.
        """
        ...


READY = Step("ready", "Handed over", "Ready", "We mail you when it is.")
"""The last step of setting up, whoever does the rest."""
OVER = Step("over", "Written down", "Done")
"""The last step of every other change."""

PREPARE, BY_HAND = "prepare", "by_hand"

_BY_HAND: dict[str, tuple[Step, ...]] = {
    kind: (
        Step(PREPARE, "Instructions written", "Handed to our team"),
        Step(BY_HAND, by_staff, by_us, "A person of our team does this."),
    )
    for kind, by_staff, by_us in (
        ("subscription.activate", "Set up by hand", "We set it up"),
        ("subscription.suspend", "Switched off by hand", "We switch it off"),
        ("subscription.resume", "Switched on by hand", "We switch it on again"),
        ("subscription.upgrade", "Changed by hand", "We change it"),
        ("subscription.terminate", "Taken down by hand", "We take it down"),
    )
}
_TASKS = {
    "subscription.activate": "Set up {plan} for {customer}: {limits}. Then enter how the customer gets in.",
    "subscription.suspend": "Switch off {plan} of {customer}{where}. Keep its data. Reason: {reason}",
    "subscription.resume": "Switch {plan} of {customer}{where} on again.",
    "subscription.upgrade": "Change the service of {customer}{where} from {previous} to {plan}: {limits}.",
    "subscription.terminate": "Take down {plan} of {customer}{where} and delete its data. Reason: {reason}",
}


class ByHand:
    """A task for staff, held until one of them says that it is done."""

    name = "manual"
    label = "By hand"
    is_by_hand = True

    def steps(self, kind: str) -> Sequence[Step]:
        """Written down, then done by a person."""
        return _BY_HAND[kind]

    def perform(self, step: str, work: Work) -> Outcome:
        """Write the task down; then wait."""
        if step == BY_HAND:
            return Outcome("Waits for somebody to do it.", is_held=True)
        where = f" ({work.external_ref})" if work.external_ref else ""
        task = _TASKS[work.kind].format(
            plan=work.plan_name,
            customer=work.customer,
            limits=work.limits,
            previous=work.previous_plan or "its plan",
            where=where,
            reason=work.reason,
        )
        remark = str(work.settings.get("instructions", "")).strip()
        return Outcome("Written down for staff.", instructions=f"{task}\n\n{remark}" if remark else task)


DRIVERS: dict[str, Driver] = {driver.name: driver for driver in (ByHand(),)}
"""Every driver by its name."""


def steps_of(driver: str, kind: str) -> tuple[Step, ...]:
    """All steps of a change, the last one included; none for a driver that there is not."""
    if driver not in DRIVERS:
        return ()
    last = READY if kind == "subscription.activate" else OVER
    return (*DRIVERS[driver].steps(kind), last)


def label_of(driver: str) -> str:
    """Who does it, for staff."""
    return DRIVERS[driver].label if driver in DRIVERS else f"{driver} (not installed)"
