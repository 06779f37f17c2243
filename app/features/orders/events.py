"""What can happen to an order, and the news that somebody became a customer by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_ORDER: Mapping[str, Any] = {
    "orderId": "01936d5e-7c18-7d55-b2f0-1f8f5c2e7a31",
    "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
    "invoiceId": "01936d5e-7c1a-7f2a-9a53-0c7b6a1f4d20",
    "plan": "shared-starter",
    "billingCycle": "oneYear",
    "promoCode": "WELCOME20",
    "amountMinor": 3992,
    "currency": "USD",
}


@dataclass(frozen=True)
class OrderCreated(Event):
    """Something was sold; its invoice is issued in the same moment. Amounts in minor units, tax included."""

    name: ClassVar[str] = "order.created"
    resource: ClassVar[str] = "order"
    example: ClassVar[Mapping[str, Any]] = _ORDER

    order_id: UUID
    customer_id: UUID
    invoice_id: UUID
    plan: str
    billing_cycle: str
    promo_code: str | None
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class OrderCompleted(Event):
    """Nothing is left to pay of an order."""

    name: ClassVar[str] = "order.completed"
    resource: ClassVar[str] = "order"
    example: ClassVar[Mapping[str, Any]] = {
        key: _ORDER[key] for key in ("orderId", "customerId", "invoiceId", "amountMinor", "currency")
    }

    order_id: UUID
    customer_id: UUID
    invoice_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class OrderCancelled(Event):
    """It was not paid and is not waited for any longer; its invoice is void."""

    name: ClassVar[str] = "order.cancelled"
    resource: ClassVar[str] = "order"
    example: ClassVar[Mapping[str, Any]] = {
        **{key: _ORDER[key] for key in ("orderId", "customerId", "invoiceId", "amountMinor", "currency")},
        "reason": "Not paid within 14 days",
    }

    order_id: UUID
    customer_id: UUID
    invoice_id: UUID
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True)
class CustomerCreated(Event):
    """Somebody became a customer; `plan` is what they ordered, empty when they signed up or were entered by hand."""

    name: ClassVar[str] = "customer.created"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = {
        "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
        "email": "customer@example.com",
        "plan": "shared-starter",
        "marketingSource": "google-ads",
        "utmCampaign": "summer-sale",
    }
    personal: ClassVar[frozenset[str]] = frozenset({"email"})

    customer_id: UUID
    email: str
    plan: str
    marketing_source: str
    utm_campaign: str
