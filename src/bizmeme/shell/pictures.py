"""Pictures from strangers → normalised pictures: RGB JPEG, upright, no larger than asked, named by SHA-256.

One bad picture is a row with a reason, never a crash: truncated files, all-null bytes, other file types, too
many pixels each end in a `Refused`.
"""

import hashlib
import io
import struct
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_THUMBNAIL = (16, 16)
_MAX_ASPECT = 50  # at 512 px the short side keeps 10 px; the model refuses from 200 on
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Normalise(Section):
    """How pictures are made alike."""

    max_side_px: PositiveInt
    """Longer sides are scaled down to this; nothing is scaled up."""

    jpeg_quality: Annotated[int, Field(ge=50, le=100)]
    """Of the normalised file; chroma is never subsampled."""

    max_pixels: PositiveInt
    """Pictures of more pixels are refused undecoded: the board allows 10,000 × 10,000."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A normalised picture."""

    sha256: str
    data: bytes  # JPEG
    width_px: int
    height_px: int
    perceptual_hash: int  # 64 bits
    thumbnail: bytes  # 16×16 RGB, 768 bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a file is no usable picture."""

    reason: str


def normalise(data: bytes, how: Normalise) -> Picture | Refused:
    """Decode, turn upright, flatten on white, scale down, encode again."""
    if not data.strip(b"\0"):
        return Refused("the file is empty or all null bytes")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > how.max_pixels:
                return Refused(f"{opened.width}×{opened.height} px is more than {how.max_pixels} pixels")
            if max(opened.size) > _MAX_ASPECT * min(opened.size):
                return Refused(f"{opened.width}×{opened.height} px is too narrow to show")
            whole = _flat(upright(opened))
    except UnidentifiedImageError:
        return Refused("not a JPEG, PNG, GIF or WebP picture")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        # Pillow raises these three for broken data; SyntaxError for broken PNG chunks.
        return Refused(f"cannot be decoded: {str(error).splitlines()[0][:80]}")
    whole.thumbnail((how.max_side_px, how.max_side_px), Image.Resampling.LANCZOS)
    return _described(whole, how)


def upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF orientation says; whatever else stands in the EXIF is not looked at.

    ImageOps.exif_transpose writes the whole EXIF back, and breaks on tags of a type that it does not expect.
    """
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except (OSError, ValueError, SyntaxError, TypeError, struct.error):
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _flat(image: Image.Image) -> Image.Image:
    """The first frame as RGB; transparency on white, as a board shows it."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _described(image: Image.Image, how: Normalise) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=how.jpeg_quality, subsampling=0)
    data = buffer.getvalue()
    return Picture(
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        width_px=image.width,
        height_px=image.height,
        perceptual_hash=_perceptual_hash(image),
        thumbnail=image.resize(_THUMBNAIL, Image.Resampling.BOX).tobytes(),
    )


def _perceptual_hash(image: Image.Image) -> int:
    import imagehash

    bits = np.asarray(imagehash.phash(image).hash).ravel()
    return int.from_bytes(np.packbits(bits).tobytes())
