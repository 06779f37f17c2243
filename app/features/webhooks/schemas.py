"""Endpoints as JSON."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.features.webhooks import service
from app.features.webhooks.models import Webhook
from app.kernel.schemas import Answer, Body, Line, camel


class EndpointIn(Body, alias_generator=camel):
    """An address that wants to be told what happens."""

    url: Annotated[str, Field(min_length=1, max_length=2000, examples=["https://site.example.com/hooks/panel"])]
    events: Annotated[
        list[Annotated[str, Field(max_length=60)]],
        Field(min_length=1, max_length=100, description="Names of events, or `*` alone for all.",
              examples=[["customer.created", "payment.succeeded"]]),
    ]  # fmt: skip
    name: Annotated[Line | None, Field(max_length=100, description="Absent: the host of the address.")] = None
    headers: Annotated[
        dict[str, str], Field(max_length=20, description="Sent along with each delivery; kept sealed.")
    ] = {}
    retry_enabled: Annotated[bool, Field(description="Whether failed deliveries are tried again.")] = True


class EndpointOut(Answer, alias_generator=camel):
    """An endpoint as it is listed. Its secret and the values of its headers are never seen again."""

    id: UUID
    name: str
    url: str
    events: list[str]
    headers: Annotated[list[str], Field(description="Their names.")]
    retry_enabled: bool
    enabled: bool
    disabled_reason: str
    failing_since: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> "EndpointOut":
        """`webhook`, as it goes out."""
        return cls(
            id=webhook.id,
            name=webhook.name,
            url=webhook.url,
            events=webhook.events or ["*"],
            headers=sorted(service.headers_of(webhook)),
            retry_enabled=webhook.retry_enabled,
            enabled=webhook.is_on,
            disabled_reason=webhook.disabled_reason,
            failing_since=webhook.failing_since,
            created_at=webhook.created_at,
        )


class NewEndpointOut(EndpointOut):
    """An endpoint that was just made, with the secret that signs what it is told: shown this once."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])]

    @classmethod
    def made(cls, webhook: Webhook, secret: str) -> "NewEndpointOut":
        """`webhook` and its secret, as they go out once."""
        return cls(**EndpointOut.of(webhook).model_dump(by_alias=False), secret=secret)


class GoneOut(Answer):
    """What was deleted."""

    id: UUID
    deleted: bool = True
