"""What happens to people's data. Inside the house only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class CustomerErased(Event):
    """A customer and its people are known no longer; lawful records stay."""

    name: ClassVar[str] = "customer.erased"
    resource: ClassVar[str] = "customer"
    example: ClassVar[Mapping[str, Any]] = {"customerId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a00", "records": 41}

    customer_id: UUID
    records: int


@dataclass(frozen=True)
class UserErased(Event):
    """A person is known no longer."""

    name: ClassVar[str] = "user.erased"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {"userId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a01", "records": 12}

    user_id: UUID
    records: int
