"""Which of the world's pictures was sent: the nearest 16 × 16 RGB thumbnail, if it is near enough.

Labeller and annotators know a picture only by its bytes. The client may have scaled and recompressed it, so
bytes are compared as small thumbnails; padding or cropping makes it a stranger. A copy on the board is known
by its own thumbnail; where it looks like its original, either may be named: root, scene and face agree.
"""

import io
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

from bizmeme.sandbox.pictures.drawing import Flaw, Picture, draw

Vector = npt.NDArray[np.float32]

_SIDE_PX = 16
# Root mean square over 768 values of 0..255. Measured on 4,000 pictures, 12 % of them murky, 10 % copies: a
# JPEG of quality 85 moves a thumbnail by up to 3, half the size at quality 80 by up to 5.6; the nearest
# drawing of another root is 7.9 away (6.6 among 12,000: two murky ones), the nearest of 3,000 strangers 7.6.
_NEAR = 6.0
_DECODABLE: tuple[Flaw, ...] = ("", "mislabelled")


class Sight:
    """Recognises the pictures of one world; the first look draws them all (half a ms each)."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        whole = (picture for picture in pictures if picture.flaw in _DECODABLE)
        self._pictures = tuple({picture.key: picture for picture in whole}.values())

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
    """An image file's pixels, RGB, at a reduced scale where JPEG offers one; else raises OSError."""
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise OSError("the image has too many pixels") from error
    image.draft("RGB", (6 * _SIDE_PX, 6 * _SIDE_PX))
    return image.convert("RGB")


def _thumbnail(image: Image.Image) -> Vector:
    # BOX weighs whole pixels only: it would move the thumbnail of a halved picture twice as far.
    small = image.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32).reshape(-1)
