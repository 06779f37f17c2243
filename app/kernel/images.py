"""Pictures as strangers send them, decoded and written anew: what is kept are our own bytes, without what was hidden
in theirs.

One picture is decoded at a time in a process. At the bounds that takes 180 MiB (PNG), 170 MiB (WebP) and 120 MiB
(JPEG), given back at once.
"""

import io
import threading
import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from app.kernel.errors import Invalid
from app.kernel.late import Late

if TYPE_CHECKING:
    from PIL import Image, ImageOps
else:
    Image = Late("PIL.Image")
    ImageOps = Late("PIL.ImageOps")

KINDS = {"PNG": ("png", "image/png"), "JPEG": ("jpg", "image/jpeg"), "WEBP": ("webp", "image/webp")}
"""What is taken, by Pillow's name: ending and media type. It is told by the content, never by a name."""
MEDIA_TYPES = dict(KINDS.values())
"""By ending."""
LARGEST_BYTES = 5 * 1024 * 1024
"""Of the file, as it comes and as it is kept."""
MOST_PIXELS = {"PNG": 16_000_000, "JPEG": 16_000_000, "WEBP": 9_000_000}
"""Of the picture, as its header says before anything is decoded; a telephone's has 12 million, a screen of 4K 8.3."""
LONGEST_SIDE = 2400
"""Pixels of what is kept: larger ones are made smaller."""
_QUALITY = 85
_SCAN, _MOST_SCANS = b"\xff\xda", 64
"""How each pass over a JPEG begins, and how many there may be, those of small pictures inside it counted. Cameras write
ten; one of 30 bytes goes over all pixels, and so a small file could keep the machine busy for an hour."""
_decoding = threading.Lock()


class NotAPicture(Invalid):
    """Neither PNG nor JPEG nor WebP, or a broken one."""

    code, text = "not_a_picture", "This is not a PNG, JPEG or WebP picture, or it is damaged."


class PictureTooLarge(Invalid):
    """More bytes or pixels than we take."""

    code = "picture_too_large"
    text = "A picture may have 5 MiB and 16 million pixels, a WebP 9 million. Make it smaller first."


@dataclass(frozen=True)
class Picture:
    """A picture of our own making."""

    body: bytes
    ending: str
    width: int
    height: int

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its bytes."""
        return sha256(self.body).hexdigest()


def clean(body: bytes) -> Picture:
    """The picture in `body`, turned upright, at most LONGEST_SIDE long, without metadata; of moving ones the first
    frame.

    Takes tenths of a second: call it before the transaction begins.

    Raises:
        NotAPicture: it is none of the three kinds, or broken.
        PictureTooLarge: more bytes or pixels than we take, before or after.
    """
    if len(body) > LARGEST_BYTES:
        raise PictureTooLarge()
    with _decoding:
        found = _clean(body)
    if len(found.body) > LARGEST_BYTES:
        raise PictureTooLarge()
    return found


def _clean(body: bytes) -> Picture:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(body), formats=tuple(KINDS)) as opened:
            kind = "JPEG" if opened.format == "MPO" else str(opened.format)  # as telephones write them, two in one
            if opened.width * opened.height > MOST_PIXELS[kind]:
                raise PictureTooLarge()
            if kind == "JPEG" and body.count(_SCAN) > _MOST_SCANS:
                raise NotAPicture()
            return _written(opened, kind)
    except Image.DecompressionBombError as bomb:
        raise PictureTooLarge() from bomb
    except (Invalid, MemoryError):
        raise
    except Exception as broken:  # a decoder says "broken" in a dozen ways
        raise NotAPicture() from broken


def _written(opened: Any, kind: str) -> Picture:
    if kind == "JPEG":
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    opened.load()
    ImageOps.exif_transpose(opened, in_place=True)
    mode = "RGBA" if opened.has_transparency_data and kind != "JPEG" else "RGB"
    image = opened if opened.mode == mode else opened.convert(mode)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image.info.clear()
    buffer = io.BytesIO()
    image.save(buffer, kind, **_options(kind))
    return Picture(buffer.getvalue(), KINDS[kind][0], image.width, image.height)


def _options(kind: str) -> dict[str, Any]:
    if kind == "PNG":
        return {}
    return {"quality": _QUALITY, "optimize": True} if kind == "JPEG" else {"quality": _QUALITY}
