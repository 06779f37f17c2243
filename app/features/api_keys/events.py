"""What can happen to a key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True)
class ApiKeyCreated(Event):
    """A key was made. What it is, nobody hears of."""

    name: ClassVar[str] = "api_key.created"
    resource: ClassVar[str] = "api_key"
    example: ClassVar[Mapping[str, Any]] = {
        "apiKeyId": "0192f0c1-7a3b-7c4d-8e5f-60718293a4b5",
        "label": "Marketing site",
        "prefix": "mk_AbC1",
        "scopes": ["marketing"],
    }

    api_key_id: UUID
    label: str
    prefix: str
    scopes: list[str]


@dataclass(frozen=True)
class ApiKeyRevoked(Event):
    """A key opens nothing any more, from now on."""

    name: ClassVar[str] = "api_key.revoked"
    resource: ClassVar[str] = "api_key"
    example: ClassVar[Mapping[str, Any]] = {
        "apiKeyId": "0192f0c1-7a3b-7c4d-8e5f-60718293a4b5",
        "label": "Marketing site",
        "prefix": "mk_AbC1",
    }

    api_key_id: UUID
    label: str
    prefix: str
