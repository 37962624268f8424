"""The files behind the pictures: encoded when first asked for, and kept."""

import base64
import hashlib
import io
from dataclasses import dataclass

from PIL import Image

from bizmeme.sandbox.pictures import hostile
from bizmeme.sandbox.pictures.drawing import Picture, draw

_TRUNCATED_AT = 0.4
_COLOURS = 256  # of a GIF


@dataclass(frozen=True, slots=True)
class File:
    """A served file and what the board's JSON says of it."""

    data: bytes
    md5: str  # base64 of the 16 raw bytes, as the board gives it
    width_px: int
    height_px: int


class Gallery:
    """Encodes pictures; one cache for files and one for thumbnails."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._thumbnails: dict[tuple[str, int], bytes] = {}

    def file(self, picture: Picture) -> File:
        """The file as uploaded, whole or with its flaw, and what it says of itself."""
        if picture.key not in self._files:
            data = encoded(picture)
            md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
            self._files[picture.key] = File(data, md5, *_stated_size(picture))
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
    if picture.flaw in hostile.BYTES:
        return hostile.BYTES[picture.flaw](picture)
    if picture.flaw == "mislabelled":
        return _png(draw(picture))
    data = _ENCODERS[picture.ext](draw(picture))
    return data[: int(_TRUNCATED_AT * len(data))] if picture.flaw == "truncated" else data


def _stated_size(picture: Picture) -> tuple[int, int]:
    """Width and height that the file's header states; of a bomb, more than anyone should decode."""
    if picture.flaw == "bomb":
        return hostile.BOMB_SIDE_PX, hostile.BOMB_SIDE_PX
    return picture.width_px, picture.height_px


def _jpeg(image: Image.Image, *, quality: int = 88) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _gif(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.quantize(_COLOURS).save(file, "GIF")
    return file.getvalue()


_ENCODERS = {".jpg": _jpeg, ".png": _png, ".gif": _gif}
