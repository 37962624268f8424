"""Pictures from strangers: looked at as they are received, and normalised for the students.

Normalised: RGB JPEG, upright, no larger than asked, named by SHA-256. One bad picture is a row with a reason,
never a crash: truncated files, all-null bytes, other file types, too many pixels each end in a `Refused`.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import Field

from bizmeme.core.files import Seen, Status, first_look
from bizmeme.core.settings import PositiveInt, Section
from bizmeme.shell.upright import upright

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")
_THUMBNAIL = (16, 16)
_MAX_ASPECT = 50  # at 512 px the short side keeps 10 px; the model refuses from 200 on
_BYTES_A_PIXEL: Mapping[str, float] = MappingProxyType({"JPEG": 6.2, "PNG": 4.1, "GIF": 4.1, "WEBP": 16.1})
"""What decoding takes at most, measured (docs/log.md); a JPEG at an eighth of its size, where the
coefficients of a progressive one are most of it."""
_MOST_BYTES = max(_BYTES_A_PIXEL.values())

T = TypeVar("T")


class Normalise(Section):
    """How pictures are made alike."""

    max_side_px: PositiveInt
    """Longer sides are scaled down to this; nothing is scaled up."""

    jpeg_quality: Annotated[int, Field(ge=50, le=100)]
    """Of the normalised file; chroma is never subsampled."""

    max_pixels: PositiveInt
    """Pictures of more pixels are refused undecoded: the board allows 10,000 × 10,000."""


class Caps(Section):
    """How much of a file is decoded in order to find out what it is."""

    max_pixels: PositiveInt
    """Pictures of more pixels are not decoded."""

    max_memory_mib: PositiveInt
    """Nor are those whose decoding would take more memory than this."""


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

    status: Status
    reason: str


def normalise(data: bytes, how: Normalise) -> Picture | Refused:
    """Decode, turn upright, flatten on white, scale down, encode again."""
    whole = _opened(data, how.max_pixels, _as_shown)
    if isinstance(whole, Refused):
        return whole
    whole.thumbnail((how.max_side_px, how.max_side_px), Image.Resampling.LANCZOS)
    return _described(whole, how)


def looked(data: bytes, caps: Caps) -> Seen | Refused:
    """Decode as little as tells whether `normalise` can use the file; its size as it stands in the file."""

    def look(opened: Image.Image) -> Seen | Refused:
        size = opened.size
        memory_mib = _BYTES_A_PIXEL.get(str(opened.format), _MOST_BYTES) * size[0] * size[1] / 2**20
        if memory_mib > caps.max_memory_mib:
            return Refused("too many pixels", f"decoding it would take {memory_mib:.0f} MiB")
        opened.draft(None, (1, 1))  # a JPEG at an eighth of its size, read to its end all the same
        opened.load()
        return Seen(*size, _animated(opened))

    return _opened(data, caps.max_pixels, look)


def _opened(data: bytes, max_pixels: int, use: Callable[[Image.Image], T]) -> T | Refused:
    """What `use` makes of the picture in these bytes."""
    if (nothing := first_look(data)) is not None:
        return Refused(nothing, "the file is empty or all null bytes")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            return _too_large(opened, max_pixels) or use(opened)
    except UnidentifiedImageError:
        begun: Status = "broken" if data.startswith(_MAGIC) else "wrong type"
        return Refused(begun, "not a JPEG, PNG, GIF or WebP picture")
    except (Image.DecompressionBombError, MemoryError) as error:
        return Refused("too many pixels", _said(error))
    except Exception as error:  # Pillow raises what broken data makes its parsers raise
        return Refused("truncated" if _is_cut(data, error) else "broken", _said(error))


def _too_large(opened: Image.Image, max_pixels: int) -> Refused | None:
    width_px, height_px = opened.size
    if width_px * height_px > max_pixels:
        return Refused("too many pixels", f"{width_px}×{height_px} px is more than {max_pixels} pixels")
    if max(opened.size) > _MAX_ASPECT * min(opened.size):
        return Refused("too narrow", f"{width_px}×{height_px} px is too narrow to show")
    return None


def _said(error: Exception) -> str:
    return f"cannot be decoded: {(str(error) or type(error).__name__).splitlines()[0][:80]}"


def _is_cut(data: bytes, error: Exception) -> bool:
    """Whether the end is missing: Pillow says so, but of WebP, whose head names its length."""
    named = int.from_bytes(data[4:8], "little") + 8 if data.startswith(b"RIFF") else 0
    return "truncated" in str(error).lower() or named > len(data)


def _animated(opened: Image.Image) -> bool:
    """Whether more frames follow the first; one that is broken follows, too."""
    try:
        return opened.format in ("GIF", "PNG", "WEBP") and bool(getattr(opened, "is_animated", False))
    except Exception:
        return True


def _as_shown(opened: Image.Image) -> Image.Image:
    opened.load()  # first of all: a reader of EXIF that comes upon broken data says nothing
    return _flat(upright(opened))


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
