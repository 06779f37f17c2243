"""What happens to logins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class UserLogin(Event):
    """Somebody signed in."""

    name: ClassVar[str] = "user.login"
    resource: ClassVar[str] = "user"
    example: ClassVar[Mapping[str, Any]] = {
        "userId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a01",
        "sessionId": "0192f0c1-7a7e-7c3e-9d0e-2f6f3b1f6a03",
        "device": "Firefox on Windows",
    }

    user_id: UUID
    session_id: UUID
    device: str
