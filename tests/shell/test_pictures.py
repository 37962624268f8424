"""Pictures from strangers."""

import hashlib
import io
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bizmeme.core.files import Seen
from bizmeme.shell.pictures import _BYTES_A_PIXEL, Caps, Normalise, Picture, Refused, looked, normalise

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


CAPS = Caps(max_pixels=1_000_000, max_memory_mib=64)
NOISE = [Image.effect_noise((60, 40), 80).convert("RGB") for _ in range(3)]
MANY = {"save_all": True, "append_images": NOISE[1:]}
WHOLE = {
    "jpeg": encoded(NOISE[0], "JPEG"), "progressive": encoded(NOISE[0], "JPEG", progressive=True),
    "png": encoded(NOISE[0]), "gif": encoded(NOISE[0], "GIF"), "webp": encoded(NOISE[0], "WEBP"),
}  # fmt: skip
SMALL_GIF = encoded(Image.new("RGB", (20, 20)), "GIF")
MOVING = {kind: encoded(NOISE[0], kind, **MANY) for kind in ("GIF", "PNG", "WEBP")}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_picture_is_seen_and_without_its_end_it_is_truncated(kind: str) -> None:
    data = WHOLE[kind]
    assert looked(data, CAPS) == Seen(60, 40, animated=False)
    for share in (0.5, 0.9):
        found = looked(data[: int(len(data) * share)], CAPS)
        assert isinstance(found, Refused)
        assert found.status == "truncated"


@pytest.mark.parametrize("kind", MOVING)
def test_of_an_animation_the_first_frame_is_the_picture_for_parse_too(kind: str) -> None:
    data = MOVING[kind]
    assert looked(data, CAPS) == Seen(60, 40, animated=True)
    assert picture(data).width_px == 60


def test_an_animation_whose_second_frame_is_cut_is_still_one() -> None:
    data = MOVING["GIF"]
    one = len(encoded(NOISE[0], "GIF"))
    for length in range(one, one + 500, 7):
        found = looked(data[:length], CAPS)
        assert isinstance(found, Seen) == isinstance(normalise(data[:length], HOW), Picture)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", "empty"),
        (bytes(5000), "null bytes"),
        (b"<html>not found</html>", "wrong type"),
        (b"\x1aE\xdf\xa3webm", "wrong type"),
        (encoded(drawn(), "TIFF"), "wrong type"),
        (b"\x89PNG\r\n\x1a\nand no picture", "broken"),
        (encoded(Image.new("RGB", (1000, 2))), "too narrow"),
        (encoded(Image.new("1", (2000, 2000))), "too many pixels"),
        (SMALL_GIF.replace(b"\x14\0\x14\0", b"\xff\xff\xff\xff"), "too many pixels"),
        (encoded(Image.new("1", (14_000, 14_000))), "too many pixels"),  # Pillow's own limit
    ],
)  # fmt: skip
def test_a_bad_file_says_in_a_word_what_it_is(data: bytes, status: str) -> None:
    found = looked(data, CAPS)
    assert isinstance(found, Refused)
    assert found.status == status


ANY = WHOLE | MOVING
PLACES = st.floats(0, 1, exclude_max=True)


@settings(deadline=None)
@given(st.sampled_from(sorted(ANY)), st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=4), PLACES)
@example("png", [(0.01, 113)], 0.0)  # its first bytes of pixels
def test_whatever_bytes_are_spoilt_nothing_breaks_and_parse_agrees(
    kind: str, changes: list[tuple[float, int]], lost: float
) -> None:
    data = bytearray(ANY[kind])
    for place, value in changes:
        data[int(place * len(data))] = value
    spoilt = bytes(data[: len(data) - int(lost * len(data))])
    found, normal = looked(spoilt, CAPS), normalise(spoilt, HOW)
    if isinstance(found, Seen):
        assert isinstance(normal, Picture), normal
    elif found.status != "too many pixels":
        assert isinstance(normal, Refused), found


LIMITED = """
import resource, sys
from bizmeme.shell.pictures import Caps, looked
caps = Caps(max_pixels=10**8, max_memory_mib=int(sys.argv[1]))
data = sys.stdin.buffer.read()
looked(data[:200], caps)  # loads the decoder
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
room = int(sys.argv[2]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (held + room, held + room))
found = looked(data, caps)
print(getattr(found, "status", "seen"))
"""


def limited(data: bytes, *, cap_mib: int, room_mib: int) -> str:
    """What is seen of a picture by a process that may take so much memory beside what it holds."""
    command = [sys.executable, "-c", LIMITED, str(cap_mib), str(room_mib)]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().strip()


SIDE_PX = 2500
BIG = Image.radial_gradient("L").resize((SIDE_PX, SIDE_PX)).convert("RGB")


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {"progressive": True, "subsampling": 0}), ("PNG", {}), ("GIF", {}), ("WEBP", {"method": 0})],
)
def test_no_picture_takes_more_memory_than_was_reckoned(kind: str, options: dict[str, Any]) -> None:
    data = encoded(BIG, kind, **options)
    most_mib = 1 + int(_BYTES_A_PIXEL[kind] * SIDE_PX**2 / 2**20)
    assert limited(data, cap_mib=most_mib, room_mib=most_mib + 8) == "seen"
    assert limited(data, cap_mib=most_mib - 2, room_mib=most_mib + 8) == "too many pixels"


def test_memory_that_runs_out_all_the_same_is_the_pictures_end_alone() -> None:
    assert limited(encoded(BIG), cap_mib=640, room_mib=4) == "too many pixels"


def test_real_captures_are_normalised_and_the_truncated_one_is_refused() -> None:
    folder = os.environ.get("BIZMEME_REAL_CAPTURES")
    if not folder:
        pytest.skip("BIZMEME_REAL_CAPTURES is not set: real pictures are not part of the repository")
    results = {path.name: normalise(path.read_bytes(), HOW) for path in Path(folder, "images").iterdir()}
    refused = {name: one.reason for name, one in results.items() if isinstance(one, Refused)}
    assert list(refused) == ["truncated_jpeg.jpg"]
    assert "cannot be decoded" in refused["truncated_jpeg.jpg"]
    assert len(results) == 5
