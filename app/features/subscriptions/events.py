"""What can happen to a subscription."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_IDS: Mapping[str, Any] = {
    "subscriptionId": "01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60",
    "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
}
_RENTED: Mapping[str, Any] = {
    **_IDS,
    "plan": "shared-starter",
    "billingCycle": "oneYear",
    "amountMinor": 4990,
    "currency": "USD",
}


@dataclass(frozen=True)
class SubscriptionCreated(Event):
    """A customer ordered a plan; it waits to be paid for. The price is in minor units, per cycle."""

    name: ClassVar[str] = "subscription.created"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = {
        **_RENTED,
        "productId": "01936d5e-6b00-7c3e-9d0e-2f6f3b1f6a10",
    }

    subscription_id: UUID
    customer_id: UUID
    product_id: UUID
    plan: str
    billing_cycle: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class SubscriptionActivated(Event):
    """It is paid for: its period has begun. No end for what is paid once."""

    name: ClassVar[str] = "subscription.activated"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = {
        **_RENTED,
        "productId": "01936d5e-6b00-7c3e-9d0e-2f6f3b1f6a10",
        "periodStart": "2026-11-20T13:22:00+00:00",
        "periodEnd": "2027-11-20T13:22:00+00:00",
    }

    subscription_id: UUID
    customer_id: UUID
    product_id: UUID
    plan: str
    billing_cycle: str
    amount_minor: int
    currency: str
    period_start: datetime
    period_end: datetime | None


@dataclass(frozen=True)
class _Rented(Event):
    """What is rented and for how much a cycle, in minor units."""

    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = _RENTED

    subscription_id: UUID
    customer_id: UUID
    plan: str
    billing_cycle: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class SubscriptionSuspended(_Rented):
    """It is switched off for a while; it can be resumed."""

    name: ClassVar[str] = "subscription.suspended"
    example: ClassVar[Mapping[str, Any]] = {**_RENTED, "reason": "The invoice is 7 days overdue."}

    reason: str


@dataclass(frozen=True)
class SubscriptionResumed(_Rented):
    """It is switched on again."""

    name: ClassVar[str] = "subscription.resumed"


@dataclass(frozen=True)
class SubscriptionCancelled(Event):
    """It is not to go on: it ends at `ends_at`, which may be now."""

    name: ClassVar[str] = "subscription.cancelled"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = {
        **_IDS,
        "plan": "shared-starter",
        "endsAt": "2027-11-20T13:22:00+00:00",
        "reason": "Moved elsewhere",
    }

    subscription_id: UUID
    customer_id: UUID
    plan: str
    ends_at: datetime
    reason: str


@dataclass(frozen=True)
class SubscriptionTerminated(_Rented):
    """It has ended for good, and what it ran on is taken down."""

    name: ClassVar[str] = "subscription.terminated"
    example: ClassVar[Mapping[str, Any]] = {**_RENTED, "reason": "Its paid time is over."}

    reason: str


@dataclass(frozen=True)
class _Moved(_Rented):
    """The same after it moved to another plan, and what it was before."""

    example: ClassVar[Mapping[str, Any]] = {
        **_RENTED,
        "previousPlan": "shared-business",
        "previousAmountMinor": 9990,
    }

    previous_plan: str
    previous_amount_minor: int


@dataclass(frozen=True)
class SubscriptionUpgraded(_Moved):
    """It moved to a dearer plan; the new price counts from the next renewal."""

    name: ClassVar[str] = "subscription.upgraded"


@dataclass(frozen=True)
class SubscriptionDowngraded(_Moved):
    """It moved to a cheaper plan; the new price counts from the next renewal."""

    name: ClassVar[str] = "subscription.downgraded"
