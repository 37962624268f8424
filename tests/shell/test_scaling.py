"""Pictures on their way to a vision API."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bizmeme.core.pictures import scaled
from bizmeme.shell.scaling import scaled_jpeg


def jpeg(width_px: int, height_px: int) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width_px, height_px)).convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


def size(image: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(image)) as opened:
        assert opened.format == "JPEG"
        return opened.size


@pytest.mark.parametrize(("sent", "becomes"), [((1024, 512), (512, 256)), ((300, 900), (171, 512))])
def test_a_larger_picture_is_scaled_down_to_the_asked_side(
    sent: tuple[int, int], becomes: tuple[int, int]
) -> None:
    smaller = scaled_jpeg(jpeg(*sent), longest_px=512)
    assert size(smaller) == becomes


@pytest.mark.parametrize("sent", [(512, 512), (512, 10), (1, 1)])
def test_a_picture_that_is_small_enough_keeps_its_bytes(sent: tuple[int, int]) -> None:
    image = jpeg(*sent)
    assert scaled_jpeg(image, longest_px=512) is image


def test_scaling_keeps_what_is_shown() -> None:
    """Dark above, bright below."""
    with Image.open(io.BytesIO(scaled_jpeg(jpeg(2000, 2000), longest_px=64))) as shown:
        grey = shown.convert("L")
        assert [grey.getpixel((32, row)) for row in (2, 32, 61)] == pytest.approx([8, 128, 246], abs=8)


@given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 300))
def test_what_is_sent_has_the_size_that_is_billed(width_px: int, height_px: int, longest_px: int) -> None:
    sent = size(scaled_jpeg(jpeg(width_px, height_px), longest_px=longest_px))
    assert sent == scaled(width_px, height_px, longest_px=longest_px)
    assert max(sent) <= max(longest_px, 1)
