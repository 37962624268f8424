"""Pictures as they are sent to vision APIs: no larger than asked, since every pixel beyond is paid for."""

import io

from PIL import Image

from bizmeme.core.pictures import scaled

_QUALITY = 85


def scaled_jpeg(image: bytes, *, longest_px: int) -> bytes:
    """The JPEG with its longer side at most `longest_px`; the same bytes where it already is."""
    with Image.open(io.BytesIO(image)) as opened:
        size = scaled(*opened.size, longest_px=longest_px)
        if size == opened.size:
            return image
        opened.draft(None, size)  # decodes no more than is needed: at least this size
        smaller = opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    smaller.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
