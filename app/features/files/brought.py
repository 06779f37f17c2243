"""Pictures that come with a form."""

from uuid import UUID

from flask import request

from app.features.files import service
from app.features.files.service import NoRoom
from app.kernel.errors import Invalid
from app.kernel.images import LARGEST_BYTES

LARGEST_BODY = LARGEST_BYTES + 64 * 1024
"""A little more than a picture may have, so that one somewhat too large is refused in words."""


def brought(field: str, *, purpose: str) -> UUID | None:
    """The picture in that field of the form, kept; None where none came.

    Raises:
        Invalid: it is no picture, or too large, or there is no room; names the field.
    """
    sent = request.files.get(field)
    if sent is None or not sent.filename:
        return None
    try:
        return service.keep_image(sent.stream.read(LARGEST_BODY), name=sent.filename, purpose=purpose).id
    except (Invalid, NoRoom) as refusal:
        raise Invalid.field(field, refusal.text) from refusal
