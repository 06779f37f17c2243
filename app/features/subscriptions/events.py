"""What can happen to a subscription."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class SubscriptionCreated(Event):
    """A customer ordered a plan; it waits to be paid for and set up. The price is in minor units, per cycle."""

    name: ClassVar[str] = "subscription.created"
    resource: ClassVar[str] = "subscription"
    example: ClassVar[Mapping[str, Any]] = {
        "subscriptionId": "01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60",
        "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
        "productId": "01936d5e-6b00-7c3e-9d0e-2f6f3b1f6a10",
        "plan": "shared-starter",
        "billingCycle": "oneYear",
        "amountMinor": 4990,
        "currency": "USD",
    }

    subscription_id: UUID
    customer_id: UUID
    product_id: UUID
    plan: str
    billing_cycle: str
    amount_minor: int
    currency: str
