"""What can happen to an endpoint that others should know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class WebhookDisabled(Event):
    """An endpoint is told nothing any more: by hand (`by_hand`), it answered 410 (`gone`), or it failed (`failing`)."""

    name: ClassVar[str] = "webhook.disabled"
    resource: ClassVar[str] = "webhook"
    example: ClassVar[Mapping[str, Any]] = {
        "webhookId": "0199d1f0-2222-7000-8000-000000000001",
        "label": "Marketing site",
        "reason": "failing",
    }

    webhook_id: UUID
    label: str
    reason: str
