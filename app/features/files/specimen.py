"""Two pictures, made through the service: one that everybody sees and something shows, one for staff alone."""

import io

from PIL import Image

from app.features.files import service
from app.features.files.models import StoredFile


def make(colour: str = "#2456d6", *, name: str = "plan.png", is_public: bool = True) -> StoredFile:
    """A picture of one colour, 40 by 30 pixels."""
    body = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(body, "PNG")
    return service.keep_image(body.getvalue(), name=name, is_public=is_public)


def in_house(tag: str) -> None:
    """The two, called after `tag`."""
    shown = make(name=f"{tag}.png")
    make("#f2b01e", name=f"{tag}-hidden.png", is_public=False)
    service.claim("specimen", shown.id, [shown.id])
