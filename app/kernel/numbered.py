"""Pages by number, where an address promises them: of what the public reads, some thousand rows at most."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import sqlalchemy as sa
from pydantic import Field, model_validator

from app.kernel import db
from app.kernel.errors import Invalid
from app.kernel.schemas import Query

Item = TypeVar("Item")

DEEPEST = 10_000
"""Rows that a page may skip: the cost of a page is bounded by it, whatever number is asked for."""


class NumberedQuery(Query):
    """Which page, and how much of it."""

    page: Annotated[int, Field(ge=1, le=DEEPEST)] = 1
    limit: Annotated[int, Field(ge=1, le=100, description="Entries on one page.")] = 20

    @model_validator(mode="after")
    def _not_too_deep(self) -> "NumberedQuery":
        if (self.page - 1) * self.limit >= DEEPEST:
            raise Invalid.field("page", f"Pages reach {DEEPEST:,} entries deep. Narrow it down.")
        return self


@dataclass(frozen=True)
class Numbered(Generic[Item]):
    """One page, its number, and how much there is."""

    items: list[Item]
    page: int
    pages: int
    total: int


def numbered(wanted: "sa.Select[Any]", query: NumberedQuery) -> Numbered[Any]:
    """One page of `wanted`, which is ordered. Two queries."""
    total = db.session().scalar(sa.select(sa.func.count()).select_from(wanted.order_by(None).subquery())) or 0
    skipped = (query.page - 1) * query.limit
    items = list(db.session().scalars(wanted.offset(skipped).limit(query.limit))) if skipped < total else []
    return Numbered(items, query.page, max(1, -(-total // query.limit)), total)
