"""What happens when customers are merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class CustomerMerged(Event):
    """Another customer became part of this one: what was `merged_id`'s is `customer_id`'s from now on. What happens
    later to an invoice that bears the old id is told with the new one.
    """

    name: ClassVar[str] = "customer.merged"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = {
        "customerId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a00",
        "customerName": "Brightside Bakery",
        "mergedId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a07",
        "mergedName": "Brightside Bakery Ltd",
    }
    personal: ClassVar[frozenset[str]] = frozenset({"customer_name", "merged_name"})

    customer_id: UUID
    customer_name: str
    merged_id: UUID
    merged_name: str
