"""Merging as programs see it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.features.merging.service import Preview
from app.kernel.schemas import Answer, Body, Query

Kept = Annotated[UUID, Field(strict=False, description="The customer that is kept; the other one becomes part of it.")]


class MergeIn(Body):
    """Into which customer."""

    kept_id: Kept


class MergeQuery(Query):
    """Into which customer."""

    kept_id: Kept


class PartOut(Answer):
    """How many records there are of one kind."""

    kind: str
    count: int
    moves: Annotated[bool, Field(description="false: they never change, and are shown with the kept customer's.")]


class ObstacleOut(Answer):
    """What has to be settled first."""

    code: str
    text: str


class MergePreviewOut(Answer):
    """What merging would do."""

    customer_id: UUID
    kept_id: UUID
    parts: list[PartOut]
    people: Annotated[list[UUID], Field(description="Each keeps their login and their role.")]
    invitations: Annotated[list[UUID], Field(description="Open ones, which let somebody into the kept account then.")]
    credit_minor: int
    currency: str
    obstacles: list[ObstacleOut]

    @classmethod
    def of(cls, seen: Preview) -> "MergePreviewOut":
        """`seen`, as it goes out."""
        return cls(
            customer_id=seen.goes.id,
            kept_id=seen.kept.id,
            parts=[PartOut(kind=part.kind, count=part.count, moves=part.moves) for part in seen.parts],
            people=[person.id for person in seen.people],
            invitations=[invitation.id for invitation, moves in seen.invitations if moves],
            credit_minor=seen.credit.minor,
            currency=seen.credit.currency,
            obstacles=[ObstacleOut(code=one.code, text=one.text) for one in seen.obstacles],
        )
