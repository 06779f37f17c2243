"""Pictures, made as tests need them."""

import io
from itertools import count

from PIL import Image

from app.features.files import service
from app.features.files.models import StoredFile

_numbers = count(1)


def picture(number: int | None = None, *, kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    """The bytes of a picture, each time another one."""
    made = number if number is not None else next(_numbers)
    body = io.BytesIO()
    Image.new("RGB", size, (made % 256, made // 256 % 256, 77)).save(body, kind)
    return body.getvalue()


def make_file(*, name: str = "plan.png", is_public: bool = True) -> StoredFile:
    """A picture that is kept and that nothing shows."""
    return service.keep_image(picture(), name=name, is_public=is_public)
