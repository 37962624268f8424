"""The files behind the pictures: encoded when first asked for, and kept."""

import base64
import hashlib
import io
from dataclasses import dataclass

from PIL import Image

from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.drawing import Picture, draw

_EBML_MAGIC = b"\x1a\x45\xdf\xa3"
_VIDEO_BYTES = 6_000
_TRUNCATED_AT = 0.4


@dataclass(frozen=True, slots=True)
class File:
    """A served file and what the board's JSON says of it."""

    data: bytes
    md5: str  # base64 of the 16 raw bytes, as the board gives it


class Gallery:
    """Encodes pictures; one cache for files and one for thumbnails."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._thumbnails: dict[tuple[str, int], bytes] = {}

    def file(self, picture: Picture) -> File:
        """The file as uploaded: JPEG, PNG, a JPEG or PNG cut short, or something that begins like a WebM."""
        if picture.key not in self._files:
            data = encoded(picture)
            md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
            self._files[picture.key] = File(data, md5)
        return self._files[picture.key]

    def thumbnail(self, picture: Picture, *, longest_px: int) -> bytes:
        """A JPEG whose longest side is at most `longest_px`; for a video, too."""
        key = picture.key, longest_px
        if key not in self._thumbnails:
            image = draw(picture).resize(thumbnail_size(picture, longest_px=longest_px), Image.Resampling.BOX)
            self._thumbnails[key] = _jpeg(image, quality=80)
        return self._thumbnails[key]


def thumbnail_size(picture: Picture, *, longest_px: int) -> tuple[int, int]:
    """Width and height of a thumbnail; small pictures keep their size."""
    scale = min(1.0, longest_px / max(picture.width_px, picture.height_px))
    return round(picture.width_px * scale), round(picture.height_px * scale)


def encoded(picture: Picture) -> bytes:
    """A picture's file; about a millisecond at 112 pixels."""
    if picture.flaw == "video":
        return _EBML_MAGIC + stream("video", picture.key).randbytes(_VIDEO_BYTES)
    image = draw(picture)
    data = _png(image) if picture.ext == ".png" else _jpeg(image, quality=88)
    return data[: int(_TRUNCATED_AT * len(data))] if picture.flaw == "truncated" else data


def _jpeg(image: Image.Image, *, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
