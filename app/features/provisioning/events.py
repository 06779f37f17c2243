"""What can happen to what was paid for on its way to being there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_JOB: Mapping[str, Any] = {
    "subscriptionId": "01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60",
    "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
    "plan": "shared-starter",
    "jobId": "01936d5e-7c40-7b0c-9f0e-3b2a1c4d5e6f",
}


@dataclass(frozen=True)
class ServiceProvisioned(Event):
    """What was paid for is there and can be used. How to get in is never told here."""

    name: ClassVar[str] = "service.provisioned"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = _JOB

    subscription_id: UUID
    customer_id: UUID
    plan: str
    job_id: UUID


@dataclass(frozen=True)
class ServiceFailed(Event):
    """A change of a service was given up; a person has to look at it."""

    name: ClassVar[str] = "service.failed"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = {**_JOB, "step": "by_hand", "reason": "The server is full."}

    subscription_id: UUID
    customer_id: UUID
    plan: str
    job_id: UUID
    step: str
    reason: str


@dataclass(frozen=True)
class ServiceStuck(Event):
    """A change of a service has not moved for ten minutes, or nobody took it. Told once for each."""

    name: ClassVar[str] = "service.stuck"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = {**_JOB, "kind": "activate", "since": "2026-11-20T13:22:00+00:00"}

    subscription_id: UUID
    customer_id: UUID
    plan: str
    job_id: UUID
    kind: str
    since: datetime
