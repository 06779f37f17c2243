"""Keys as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.api_keys.models import ApiKey
from app.kernel.schemas import Answer, Body, Line, camel

Scope = Literal["marketing", "admin", "webhook"]


class KeyIn(Body, alias_generator=camel):
    """A new key."""

    name: Annotated[Line, Field(max_length=100, examples=["Marketing site"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)] = ["marketing"]
    expires_in: Annotated[int | None, Field(ge=1, le=3650, description="Days; absent is for ever.")] = None
    payments: Annotated[
        Literal["collected"] | None,
        Field(description="`collected`: what this key sells is paid already; each such POST bears an Idempotency-Key."),
    ] = None


class KeyOut(Answer, alias_generator=camel):
    """A key as it is listed. What it was made of is never seen again."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    hourly_limit: int
    payments: Literal["collected"] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyOut":
        """`key`, as it goes out."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=key.scopes,
            hourly_limit=key.hourly_limit,
            payments="collected" if key.payments else None,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


class NewKeyOut(KeyOut):
    """A key that was just made, with the key itself: shown this once."""

    key: Annotated[str, Field(examples=["mk_6zJm0c3g4bYk7oVqH1sT9uWx2aLr5eNp8dFhKjQwZy0"])]

    @classmethod
    def made(cls, key: ApiKey, secret: str) -> "NewKeyOut":
        """`key` and what it is made of, as they go out once."""
        return cls(**KeyOut.of(key).model_dump(by_alias=False), key=secret)
