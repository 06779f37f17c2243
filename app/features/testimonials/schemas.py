"""Testimonials as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.tenants import service as tenants
from app.features.testimonials.models import Testimonial
from app.features.testimonials.rules import LONGEST_QUOTE, MOST_STARS
from app.kernel.numbered import Numbered, NumberedQuery
from app.kernel.schemas import Answer, Body, Line

Stars = Annotated[int, Field(ge=1, le=MOST_STARS, examples=[5])]
Photo = Annotated[UUID | None, Field(strict=False, description="Of `POST /api/v1/files`; null: none.", examples=[None])]
Quote = Annotated[str, Field(min_length=1, max_length=LONGEST_QUOTE)]


class ShownQuery(NumberedQuery):
    """Which of those that the site shows."""

    featured: Annotated[bool | None, Field(description="Only featured ones, or only the others.")] = None


class ShownOut(Answer):
    """A testimonial as everybody may see it."""

    id: UUID
    name: str
    title: str
    company: str
    quote: Annotated[str, Field(description="Plain text.")]
    stars: int
    featured: bool
    photo: Annotated[str | None, Field(description="Where the picture is.")]

    @classmethod
    def of(cls, row: Testimonial) -> "ShownOut":
        """`row`, as it goes out."""
        return cls(
            id=row.id,
            name=row.name,
            title=row.title,
            company=row.company,
            quote=row.quote,
            stars=row.stars,
            featured=row.is_featured,
            photo=tenants.base_url(tenants.current()) + row.photo if row.photo else None,
        )


class ShownPageOut(Answer):
    """One page of what the site shows."""

    testimonials: list[ShownOut]
    page: int
    pages: int
    total: int

    @classmethod
    def of(cls, found: Numbered[Testimonial]) -> "ShownPageOut":
        """`found`, as it goes out."""
        shown = [ShownOut.of(row) for row in found.items]
        return cls(testimonials=shown, page=found.page, pages=found.pages, total=found.total)


class TestimonialIn(Body):
    """What somebody said."""

    name: Annotated[Line, Field(max_length=80, examples=["Elif Demir"])]
    title: Annotated[str, Field(max_length=80)] = ""
    company: Annotated[str, Field(max_length=80, examples=["Quayside Bikes"])] = ""
    quote: Quote
    stars: Stars
    featured: bool = False
    photo_id: Photo = None


class TestimonialChange(Body):
    """What is to change; what is absent stays."""

    name: Annotated[Line, Field(max_length=80)] = ""
    title: Annotated[str, Field(max_length=80)] = ""
    company: Annotated[str, Field(max_length=80)] = ""
    quote: Quote = ""
    stars: Stars = MOST_STARS
    featured: bool = False
    photo_id: Photo = None


class MoveIn(Body):
    """Where to."""

    way: Literal["up", "down", "top"]


class TestimonialOut(ShownOut):
    """A testimonial as staff and their programs see it."""

    state: Literal["waiting", "approved", "rejected", "archived"]
    position: int
    revision: int
    photo_id: UUID | None
    approved_at: datetime | None
    rejected_at: datetime | None
    archived_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: Testimonial) -> "TestimonialOut":
        """`row`, as it goes out."""
        shown = ShownOut.of(row).model_dump()
        own = ("state", "position", "revision", "photo_id", "approved_at", "rejected_at", "archived_at", "created_at")
        return cls(**shown, **{name: getattr(row, name) for name in own})
