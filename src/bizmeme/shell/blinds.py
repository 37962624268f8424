"""Posts shown by half, to see what a student learns from texts alone or from pictures alone.

`text` puts one plain grey picture in the place of every picture, `image` empties every text. The rest of the
pipeline does not know: it reads what `prepare` wrote.
"""

import hashlib
import io
from typing import Literal

import polars as pl

Modality = Literal["both", "text", "image"]

_SIDE_PX = 224
_GREY = (128, 128, 128)


def blinded(examples: pl.DataFrame, modality: Modality) -> pl.DataFrame:
    """The examples without the half (columns image_sha256, text) that `modality` leaves out."""
    if modality == "text":
        return examples.with_columns(image_sha256=pl.lit(hashlib.sha256(grey_picture()).hexdigest()))
    if modality == "image":
        return examples.with_columns(text=pl.lit(""))
    return examples


def grey_picture() -> bytes:
    """One plain grey picture, JPEG: always the same bytes."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (_SIDE_PX, _SIDE_PX), _GREY).save(buffer, "JPEG")
    return buffer.getvalue()
