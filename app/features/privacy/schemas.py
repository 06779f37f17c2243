"""Copies as programs see them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.privacy.models import DataCopy
from app.kernel.schemas import Answer, Body, camel


class CopyIn(Body):
    """What a copy is asked of."""

    of: Annotated[
        Literal["me", "account"], Field(description="`me`: the person; `account`: all of the customer (its ADMIN).")
    ] = "me"


class CopyOut(Answer, alias_generator=camel):
    """One copy on its way or ready."""

    id: UUID
    kind: Literal["person", "customer", "tenant"]
    is_ready: bool
    records: int
    byte_count: int
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, copy: DataCopy) -> "CopyOut":
        """As somebody who asked for it sees it."""
        return cls(
            id=copy.id,
            kind=copy.kind,
            is_ready=copy.is_ready,
            records=copy.records,
            byte_count=copy.byte_count,
            created_at=copy.created_at,
            expires_at=copy.expires_at,
        )
