"""What can happen to a mail that others should know."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class MessageFailed(Event):
    """A mail was given up: refused for good, or after the last attempt."""

    name: ClassVar[str] = "message.failed"
    resource: ClassVar[str] = "message"
    example: ClassVar[dict[str, Any]] = {
        "messageId": "0199d1f0-1111-7000-8000-000000000001",
        "template": "welcome",
        "attempts": 3,
    }

    message_id: UUID
    template: str
    attempts: int
