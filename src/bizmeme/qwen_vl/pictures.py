"""Opens a post's picture and gives it the size the model sees, the same in training and in use.

qwen_vl_utils (and with it torch) is imported at first use.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from bizmeme.errors import DataError
from bizmeme.qwen_vl.sections import Pixels
from bizmeme.shell.upright import upright

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


def read(image: bytes | str | Path, *, pixels: Pixels) -> "Picture":
    """An RGB picture whose sides are multiples of 28 px, from a file's bytes or its path.

    Raises DataError where it cannot be read. Resizing is left to `qwen_vl_utils`, since the processor's own
    (torchvision) gives other pixels: whatever trains and whatever scores has to come through here.
    """
    from qwen_vl_utils import process_vision_info

    block = {"type": "image", "image": _open(image)}
    limits = {"min_pixels": pixels.smallest, "max_pixels": pixels.largest}
    try:
        pictures, _ = process_vision_info([{"role": "user", "content": [block | limits]}])
    except ValueError as error:
        raise DataError(f"{_name(image)} cannot be shown to the model: {error}. Crop it.") from error
    return pictures[0]  # type: ignore[no-any-return]


def _open(image: bytes | str | Path) -> "Picture":
    try:
        opened = Image.open(io.BytesIO(image) if isinstance(image, bytes) else image)
        turned = upright(opened)
        # A palette can be transparent too; qwen_vl_utils puts only RGBA on white.
        return turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{_name(image)} cannot be read as a picture ({error}). Pass a whole JPEG, PNG, GIF or WebP file."
        ) from error


def _name(image: bytes | str | Path) -> str:
    return f"A file of {len(image)} bytes" if isinstance(image, bytes) else str(image)
