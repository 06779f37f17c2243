"""What happens to brands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class TenantSuspended(Event):
    """The operator has switched a brand off for now. Told to the operator's own endpoints."""

    name: ClassVar[str] = "tenant.suspended"
    resource: ClassVar[str] = "tenant"
    example: ClassVar[Mapping[str, Any]] = {"tenantId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a40", "slug": "tern"}

    tenant_id: UUID
    slug: str
