"""Whatever calls itself a picture: our own bytes come out of it, or a no."""

import io
import random
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageSequence

from app.kernel import images
from app.kernel.images import NotAPicture, PictureTooLarge, clean


def drawn(kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """A picture with something on it."""
    image = Image.radial_gradient("L").resize(size).convert(mode)
    body = io.BytesIO()
    image.save(body, kind, **options)
    return body.getvalue()


def opened(body: bytes) -> Image.Image:
    """As any program reads it."""
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "mode", "ending"),
    [
        ("PNG", "RGB", "png"), ("PNG", "RGBA", "png"), ("PNG", "P", "png"), ("PNG", "1", "png"), ("PNG", "LA", "png"),
        ("PNG", "I;16", "png"), ("JPEG", "RGB", "jpg"), ("JPEG", "L", "jpg"), ("JPEG", "CMYK", "jpg"),
        ("WEBP", "RGB", "webp"), ("WEBP", "RGBA", "webp"),
    ],
)  # fmt: skip
def test_each_kind_is_taken_and_written_anew(kind, mode, ending):
    found = clean(drawn(kind, mode))

    again = opened(found.body)
    assert (found.ending, found.width, found.height) == (ending, 60, 40)
    assert (again.format, again.size) == (kind, (60, 40))
    assert again.mode in {"RGB", "RGBA"}


def test_nothing_that_was_hidden_comes_out():
    """Places, names, comments, profiles, thumbnails, and a script behind the end."""
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "SECRET place", "SECRET author"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (48.0, 51.0, 29.0)
    for kind, options in (
        ("JPEG", {"exif": exif, "comment": b"SECRET", "icc_profile": b"SECRET" * 20, "xmp": b"SECRET"}),
        ("WEBP", {"exif": exif, "icc_profile": b"SECRET" * 20, "xmp": b"SECRET"}),
        ("PNG", {"exif": exif, "icc_profile": b"SECRET" * 20}),
    ):
        given = drawn(kind, **options) + b"<script>SECRET</script>"
        assert b"SECRET" in given

        kept = clean(given).body

        assert b"SECRET" not in kept and b"Exif" not in kept and b"script" not in kept, kind
        assert not opened(kept).getexif() and "icc_profile" not in opened(kept).info


def test_what_lay_on_its_side_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6

    found = clean(drawn("JPEG", exif=exif))

    assert (found.width, found.height) == (40, 60)


def test_a_large_one_is_made_smaller_and_keeps_its_shape():
    found = clean(drawn(size=(3000, 1500)))

    assert (found.width, found.height) == (2400, 1200)


def test_of_a_moving_one_the_first_frame_is_kept():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        body = io.BytesIO()
        frames[0].save(body, kind, save_all=True, append_images=frames[1:], duration=100)

        again = opened(clean(body.getvalue()).body)

        assert len(list(ImageSequence.Iterator(again))) == 1
        red, _green, blue = again.convert("RGB").getpixel((5, 5))
        assert red > 200 > blue


def test_of_a_telephones_two_in_one_file_the_first_is_kept():
    body = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(
        body, "MPO", save_all=True, append_images=[Image.new("RGB", (30, 20), "blue")]
    )
    assert Image.open(body).format == "MPO"

    found = clean(body.getvalue())

    assert (found.ending, found.width, found.height) == ("jpg", 60, 40)
    assert (opened(found.body).format, found.body.count(b"\xff\xd8")) == ("JPEG", 1)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", SVG, b"<html><script>alert(1)</script>", b"GIF89a<script>alert(1)</script>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0",
        b"RIFF\x00\x00\x00\x00WEBP", b"%PDF-1.7", b"PK\x03\x04", b"BM" + b"\0" * 100, b"II*\0" + b"\0" * 100, b"\0\0\1\0\1\0", b"8BPS" + b"\0" * 50,
        b"%!PS-Adobe-3.0 EPSF-3.0", b"Options +ExecCGI\nAddType text/html .png",
    ],
)  # fmt: skip
def test_what_is_none_is_refused_whatever_it_is_called(body):
    with pytest.raises(NotAPicture):
        clean(body)


def test_kinds_that_pillow_knows_and_we_do_not_take_are_refused():
    for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA"):
        with pytest.raises(NotAPicture):
            clean(drawn(kind))


def _png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large and is not."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "size", [(4001, 4000), (16_000_001, 1), (10_000, 10_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_bomb_is_refused_by_what_its_header_says(size):
    with pytest.raises(PictureTooLarge):
        clean(_png_of(*size))


def test_a_jpeg_of_many_passes_is_refused_and_one_as_cameras_write_it_is_not():
    """Each pass costs as much as the picture has pixels, however small it is."""
    whole = drawn("JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]

    assert clean(whole).ending == "jpg"
    with pytest.raises(NotAPicture):
        clean(whole[:-2] + last * 200 + whole[-2:])


def test_more_bytes_than_are_taken_are_refused():
    with pytest.raises(PictureTooLarge):
        clean(drawn() + b"\0" * images.LARGEST_BYTES)


def _cut(body: bytes, dice: random.Random) -> bytes:
    return body[: dice.randrange(1, len(body))]


def _flipped(body: bytes, dice: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(dice.randrange(1, 12)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _swollen(body: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(body))
    return body[:at] + dice.randbytes(dice.randrange(1, 400)) + body[at:]


@pytest.mark.parametrize("damage", [_cut, _flipped, _swollen])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_damaged_one_is_a_picture_or_a_no_and_never_a_failure(
    kind: str, damage: Callable[[bytes, random.Random], bytes]
):
    dice = random.Random(f"{kind} {damage.__name__}")
    whole = drawn(kind)

    for _ in range(120):
        try:
            found = clean(damage(whole, dice))
        except (NotAPicture, PictureTooLarge):
            continue
        assert opened(found.body).size == (found.width, found.height)
