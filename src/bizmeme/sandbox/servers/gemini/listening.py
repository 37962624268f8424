"""What a request to Gemini says, and how many tokens it costs.

    {"role": "user", "parts": [{"text": "<post>gm</post>"},
                               {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/4AAQ…"}}]}

Names may be written in either case, inlineData or inline_data, as protocol buffers allow. A picture costs by
the vendor's published rules.
"""

import base64
import binascii
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from bizmeme.sandbox.servers.gemini import errors
from bizmeme.sandbox.servers.gemini.errors import GoogleError
from bizmeme.sandbox.strangers import listening
from bizmeme.sandbox.strangers.listening import Heard

Fields = Mapping[str, object]

_CHARS_A_TOKEN = 4
_LEAST_CACHED = 1_024  # tokens: shorter prefixes are in no cache
# Gemini 2.5: one crop up to 384 px on both sides, else squares of two thirds of the shorter side.
_CROP_TOKENS, _SMALL_PX = 258, 384
_LEAST_CROP_PX, _MOST_CROP_PX = 256, 768
_CROPPED = {"LOW": 64, "MEDIUM": 256}  # where a media resolution is asked for
_FIXED = {"LOW": 280, "MEDIUM": 560}  # Gemini 3: whatever the size
_FIXED_TOKENS = 1_090


@dataclass(frozen=True, slots=True)
class Part:
    """A text or a picture."""

    text: str | None
    image: bytes | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request's words and pictures."""

    heard: Heard
    text_tokens: int
    image_tokens: int
    cached_tokens: int  # of the prefix, as if it had been seen before: an answer hangs on its request alone


@dataclass(frozen=True, slots=True)
class PictureRule:
    """How pictures are counted: by size, or one number for all at each media resolution."""

    fixed: bool
    resolution: str  # LOW, MEDIUM, HIGH, or nothing
    billed_px: int | None  # count each picture as if its longer side had so many pixels

    def tokens(self, image: bytes) -> int:
        """Tokens of one picture. Raises GoogleError where it is none."""
        width, height = _size_px(image)
        if self.fixed:
            return _FIXED.get(self.resolution, _FIXED_TOKENS)
        if self.resolution in _CROPPED:
            return _CROPPED[self.resolution]
        scale = self.billed_px / max(width, height) if self.billed_px else 1.0
        return _cropped(max(1, round(width * scale)), max(1, round(height * scale)))


def _cropped(width_px: int, height_px: int) -> int:
    if width_px <= _SMALL_PX and height_px <= _SMALL_PX:
        return _CROP_TOKENS
    crop_px = min(_MOST_CROP_PX, max(_LEAST_CROP_PX, math.floor(min(width_px, height_px) / 1.5)))
    return _CROP_TOKENS * math.ceil(width_px / crop_px) * math.ceil(height_px / crop_px)


def prompt(message: Sequence[Part], others: Sequence[Part], *, rule: PictureRule) -> Prompt:
    """Understand the user's message; all `others`, which came before, is only counted."""
    prefix = sum(_text_tokens(part) for part in others)
    texts = prefix + sum(_text_tokens(part) for part in message)
    images = sum(rule.tokens(part.image) for part in (*others, *message) if part.image is not None)
    said = "\n".join(part.text for part in message if part.text)
    shown = [part.image for part in message if part.image is not None]
    heard = listening.hear(said, shown[0] if shown else None, prompt_tokens=texts + images)
    cached = prefix if prefix >= _LEAST_CACHED else 0
    return Prompt(heard, text_tokens=texts, image_tokens=images, cached_tokens=cached)


def _text_tokens(part: Part) -> int:
    return math.ceil(len(part.text or "") / _CHARS_A_TOKEN)


def parts(content: object, *, where: str) -> list[Part]:
    """The parts of a content. Raises GoogleError."""
    listed = field(content, "parts") if isinstance(content, dict) else None
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        raise GoogleError(400, f"* {where}.parts: contents.parts must not be empty.")
    return [_part(part, where=f"{where}.parts[{number}]") for number, part in enumerate(listed)]


def _part(part: object, *, where: str) -> Part:
    text, blob = field(part, "text"), field(part, "inlineData")
    if isinstance(text, str):
        return Part(text, None)
    if isinstance(blob, dict) and str(field(blob, "mimeType")).startswith("image/"):
        return Part(None, decoded(field(blob, "data"), where=f"{where}.inline_data.data"))
    raise GoogleError(400, f"* {where}.data: required oneof field 'data' must have one initialized field")


def decoded(data: object, *, where: str) -> bytes:
    """The bytes of base64 in either alphabet: the SDK writes the one for addresses. Raises GoogleError."""
    try:
        return base64.b64decode(str(data).replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise GoogleError(
            400, f"Invalid value at '{where}' (TYPE_BYTES), Base64 decoding failed for \"{str(data)[:20]}\""
        ) from error


def field(value: object, name: str) -> object:
    """A field by its camel-case name, or written with underscores; None where there is none."""
    if not isinstance(value, dict):
        return None
    return value.get(name, value.get(re.sub(r"(?=[A-Z])", "_", name).lower()))


def _size_px(image: bytes) -> tuple[int, int]:
    try:
        return Image.open(io.BytesIO(image)).size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise errors.unreadable() from error
