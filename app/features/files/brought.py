"""Pictures that come with a form."""

from uuid import UUID

from flask import request

from app.features.files import service
from app.features.files.service import NoRoom
from app.kernel import images
from app.kernel.errors import Invalid, Refusal
from app.kernel.images import LARGEST_BYTES, Picture

LARGEST_BODY = LARGEST_BYTES + 64 * 1024
"""A little more than a picture may have, so that one somewhat too large is refused in words."""


class Brought:
    """The picture in a field of the form, decoded: make it before the first statement, since that takes its time.

    What it is refused for is said once it is to be kept.
    """

    def __init__(self, field: str) -> None:
        self._field = field
        self._name = ""
        self._picture: Picture | None = None
        self._refusal: Refusal | None = None
        sent = request.files.get(field)
        if sent is None or not sent.filename:
            return
        self._name = sent.filename
        try:
            self._picture = images.clean(sent.stream.read(LARGEST_BODY))
        except Invalid as refusal:
            self._refusal = refusal

    def keep(self, purpose: str) -> UUID | None:
        """The picture as a file of the house; None where none came.

        Raises:
            Invalid: it is no picture, or too large, or there is no room; names the field.
        """
        try:
            if self._refusal is not None:
                raise self._refusal
            if self._picture is None:
                return None
            return service.keep(self._picture, name=self._name, purpose=purpose).id
        except (Invalid, NoRoom) as refusal:
            raise Invalid.field(self._field, refusal.text) from refusal
