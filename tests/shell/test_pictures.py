"""Pictures from strangers."""

import hashlib
import io
import os
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from bizmeme.shell.pictures import Normalise, Picture, Refused, normalise

HOW = Normalise(max_side_px=64, jpeg_quality=90, max_pixels=1_000_000)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def drawn(size: tuple[int, int] = (200, 100), mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, size, "white" if mode == "RGB" else 0)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill="red" if mode == "RGB" else 1)
    return image


def picture(data: bytes) -> Picture:
    result = normalise(data, HOW)
    assert isinstance(result, Picture), result
    return result


def test_a_picture_is_scaled_named_and_described() -> None:
    one = picture(encoded(drawn()))
    assert (one.width_px, one.height_px) == (64, 32)
    assert one.sha256 == hashlib.sha256(one.data).hexdigest()
    assert len(one.thumbnail) == 768
    assert Image.open(io.BytesIO(one.data)).mode == "RGB"


def test_nothing_is_scaled_up() -> None:
    assert picture(encoded(drawn((20, 10)))).width_px == 20


def test_a_recompressed_copy_keeps_its_perceptual_hash() -> None:
    one, copy = picture(encoded(drawn())), picture(encoded(drawn(), "JPEG", quality=50))
    assert (one.perceptual_hash ^ copy.perceptual_hash).bit_count() <= 6
    assert one.sha256 != copy.sha256


def test_transparency_is_shown_on_white() -> None:
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert Image.open(io.BytesIO(picture(encoded(clear)).data)).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "F"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    kind = {"CMYK": "JPEG", "F": "TIFF"}.get(mode, "PNG")
    image = Image.new(mode, (40, 40))
    if kind == "TIFF":
        assert isinstance(normalise(encoded(image, kind), HOW), Refused)
    else:
        assert picture(encoded(image, kind)).width_px == 40


def test_a_turned_photo_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert picture(encoded(drawn((60, 30)), "JPEG", exif=exif)).height_px == 60


@pytest.mark.parametrize(("kind", "value"), [(2, b"a\0\0\0"), (1, b"\1\0\0\0"), (4, b"\xff\xff\xff\xff")])
def test_strange_exif_does_no_harm(kind: int, value: bytes) -> None:
    width = struct.pack("<HHI", 0x0100, kind, 1) + value  # an image width of a type nobody expects
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + width + turned + bytes(4)
    assert picture(encoded(drawn((60, 30)), "JPEG", exif=exif)).height_px == 60


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty or all null bytes"),
        (bytes(5000), "empty or all null bytes"),
        (b"<html>not found</html>", "not a JPEG, PNG, GIF or WebP"),
        (b"\x1aE\xdf\xa3webm", "not a JPEG, PNG, GIF or WebP"),
        (encoded(drawn(), "JPEG")[:600], "cannot be decoded"),
        (encoded(drawn())[:60], "cannot be decoded"),
        (encoded(Image.new("RGB", (1000, 2))), "1000×2 px is too narrow"),
        (encoded(Image.new("RGB", (30, 4096))), "30×4096 px is too narrow"),
        (encoded(Image.new("1", (2000, 2000))), "2000×2000 px is more than 1000000 pixels"),
    ],
)
def test_a_bad_file_is_a_reason_and_no_exception(data: bytes, reason: str) -> None:
    result = normalise(data, HOW)
    assert isinstance(result, Refused)
    assert reason in result.reason


def test_real_captures_are_normalised_and_the_truncated_one_is_refused() -> None:
    folder = os.environ.get("BIZMEME_REAL_CAPTURES")
    if not folder:
        pytest.skip("BIZMEME_REAL_CAPTURES is not set: real pictures are not part of the repository")
    results = {path.name: normalise(path.read_bytes(), HOW) for path in Path(folder, "images").iterdir()}
    refused = {name: one.reason for name, one in results.items() if isinstance(one, Refused)}
    assert list(refused) == ["truncated_jpeg.jpg"]
    assert "cannot be decoded" in refused["truncated_jpeg.jpg"]
    assert len(results) == 5
