"""Pictures as JSON."""

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.files import service
from app.features.files.models import StoredFile
from app.kernel.errors import Invalid
from app.kernel.images import LARGEST_BYTES
from app.kernel.schemas import Answer, Body, Line

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"
"""The smallest picture, for the description."""


class PictureIn(Body):
    """A new picture. Its kind is told by its content."""

    name: Annotated[Line, Field(max_length=200, examples=["plan.png"])]
    content: Annotated[str, Field(max_length=LARGEST_BYTES * 4 // 3 + 4, examples=[DOT], description="Base64.")]
    purpose: Literal["article", "testimonial"] = "article"
    is_public: Annotated[bool, Field(description="False: staff alone see it.")] = True

    def body(self) -> bytes:
        """The bytes.

        Raises:
            Invalid: it is no Base64.
        """
        try:
            return base64.b64decode(self.content, validate=True)
        except ValueError as wrong:  # of letters that are none of ASCII it is no `binascii.Error`
            raise Invalid.field("content", "This is not Base64.") from wrong


class FileOut(Answer):
    """A picture, and how it is shown."""

    id: UUID
    url: str
    markdown: str
    media_type: str
    width: int
    height: int
    bytes: int
    purpose: str
    is_public: bool
    is_used: bool
    created_at: datetime

    @classmethod
    def of(cls, file: StoredFile) -> "FileOut":
        """`file` as programs and our own editor see it."""
        return cls(
            id=file.id,
            url=file.address,
            markdown=service.markdown(file),
            media_type=file.media_type,
            width=file.width,
            height=file.height,
            bytes=file.byte_count,
            purpose=file.purpose,
            is_public=file.is_public,
            is_used=file.unused_since is None,
            created_at=file.created_at,
        )
