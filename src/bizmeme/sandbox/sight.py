"""Which of the world's pictures was sent: the nearest 16 × 16 RGB thumbnail, if it is near enough.

Labeller and annotators know a picture only by its bytes. The client may have scaled and recompressed it, so
bytes are compared as small thumbnails; padding or cropping makes it a stranger.
"""

import io
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

from bizmeme.sandbox.drawing import Picture, draw

Vector = npt.NDArray[np.float32]

_SIDE_PX = 16
# Root mean square over 768 values of 0..255. Measured on the default world: JPEG quality 50 moves a
# thumbnail by up to 5, halving the size by up to 11; the nearest other of 4,266 pictures is 14 away.
_NEAR = 12.0


class Sight:
    """Recognises the pictures of one world; the first look draws them all (a third of a ms each)."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = tuple({picture.key: picture for picture in pictures}.values())

    @cached_property
    def _known(self) -> Vector:
        """Thumbnails of all pictures, one a row: float32 (pictures, 768)."""
        return np.stack([_thumbnail(draw(picture)) for picture in self._pictures])

    @cached_property
    def _lengths(self) -> Vector:
        lengths: Vector = np.square(self._known).sum(axis=1)
        return lengths

    def recognise(self, data: bytes) -> Picture | None:
        """The world's picture that an image file shows; None for a stranger.

        Raises OSError, as Pillow does, where the bytes are no image.
        """
        seen = _thumbnail(opened(data))
        distances = self._lengths - 2 * (self._known @ seen)  # squared, less the same |seen|² for all
        nearest = int(np.argmin(distances))
        gap = self._known[nearest] - seen
        return self._pictures[nearest] if float(np.mean(gap * gap)) <= _NEAR**2 else None


def opened(data: bytes) -> Image.Image:
    """An image file's pixels, RGB, at a reduced scale where JPEG offers one."""
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (4 * _SIDE_PX, 4 * _SIDE_PX))
    return image.convert("RGB")


def _thumbnail(image: Image.Image) -> Vector:
    small = image.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).reshape(-1)
