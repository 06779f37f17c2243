"""What can happen to a payment. Amounts are in minor units of the currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_EXAMPLE: Mapping[str, Any] = {
    "paymentId": "01936d5e-7c2c-7e11-bb02-6a5d9c0e7f10",
    "invoiceId": "01936d5e-7c1a-7f2a-9a53-0c7b6a1f4d20",
    "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
    "gateway": "bank",
    "reference": "ZX-20261120-1",
    "amountMinor": 3992,
    "currency": "USD",
}


@dataclass(frozen=True)
class _OfPayment(Event):
    """What all of them tell."""

    resource: ClassVar[str] = "payment"
    example: ClassVar[Mapping[str, Any]] = _EXAMPLE

    payment_id: UUID
    invoice_id: UUID
    customer_id: UUID
    gateway: str
    reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class PaymentSucceeded(_OfPayment):
    """Money came in for an invoice."""

    name: ClassVar[str] = "payment.succeeded"


@dataclass(frozen=True)
class PaymentFailed(_OfPayment):
    """Somebody tried to pay, and no money moved."""

    name: ClassVar[str] = "payment.failed"
    example: ClassVar[Mapping[str, Any]] = {**_EXAMPLE, "gateway": "sandbox", "reason": "Declined"}

    reason: str


@dataclass(frozen=True)
class PaymentRefunded(_OfPayment):
    """Money went back to the customer; `amount_minor` is how much this time."""

    name: ClassVar[str] = "payment.refunded"
    example: ClassVar[Mapping[str, Any]] = {**_EXAMPLE, "gateway": "callback"}


@dataclass(frozen=True)
class PaymentDisputed(_OfPayment):
    """The payer's bank asks for the money back; nothing has moved yet."""

    name: ClassVar[str] = "payment.disputed"
    example: ClassVar[Mapping[str, Any]] = {**_EXAMPLE, "gateway": "callback"}
