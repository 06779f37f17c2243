"""What can happen to an invoice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event

_EXAMPLE: Mapping[str, Any] = {
    "invoiceId": "01936d5e-7c1a-7f2a-9a53-0c7b6a1f4d20",
    "customerId": "01936d5e-7c0e-7b11-8f3e-5b1d2f6a9c01",
    "amountMinor": 3992,
    "currency": "USD",
}
_NUMBERED: Mapping[str, Any] = {**_EXAMPLE, "number": "MP-2026-000042"}


@dataclass(frozen=True)
class InvoiceCreated(Event):
    """A draft was made. Amounts are in minor units of the currency."""

    name: ClassVar[str] = "invoice.created"
    resource: ClassVar[str] = "invoice"
    example: ClassVar[Mapping[str, Any]] = _EXAMPLE

    invoice_id: UUID
    customer_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class _OfIssued(Event):
    """What all of them tell of an invoice that has its number. Amounts are in minor units of the currency."""

    resource: ClassVar[str] = "invoice"
    example: ClassVar[Mapping[str, Any]] = _NUMBERED

    invoice_id: UUID
    customer_id: UUID
    number: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class InvoiceIssued(_OfIssued):
    """An invoice got its number; from now on it never changes."""

    name: ClassVar[str] = "invoice.issued"
    example: ClassVar[Mapping[str, Any]] = {
        **_NUMBERED,
        "dueAt": "2026-12-04T09:00:00+00:00",
    }

    due_at: datetime


@dataclass(frozen=True)
class InvoicePaid(_OfIssued):
    """Nothing is left to pay on an invoice."""

    name: ClassVar[str] = "invoice.paid"


@dataclass(frozen=True)
class InvoiceVoided(_OfIssued):
    """It asks for nothing any more; nothing was paid of it."""

    name: ClassVar[str] = "invoice.voided"


@dataclass(frozen=True)
class InvoiceRefunded(_OfIssued):
    """All that was paid for an invoice went back to the customer."""

    name: ClassVar[str] = "invoice.refunded"
