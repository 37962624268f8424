"""What a picture costs: the vendors' published rules from a picture's size to its tokens.

    512×512 px at gpt-6-luna     16 × 16 patches of 32 px, times 1.2    308 tokens
    512×512 px at gpt-4o-mini    detail low: 2,833                      2,833 tokens
    384×384 px at gemini-2.5     small: 258                             258 tokens

Sent pictures are scaled down, never up, so that the longer side has at most so many pixels.
"""

import math
from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section

Detail = Literal["low", "high", "auto"]

_EXACT = 1e-9  # of a tile: what floats may be off
_FIT_PX, _SHORT_PX = 2048, 768  # tiles: first into this square, then the shorter side to this


class Tiles(Section):
    """OpenAI's older models: a base, and more for each tile but at detail low."""

    rule: Literal["tiles"]
    """This rule."""

    base: PositiveInt
    """Tokens of any picture; at detail low all of them."""

    tile: PositiveInt
    """Tokens of one tile."""

    tile_px: PositiveInt
    """A tile's side."""

    def tokens(self, width_px: int, height_px: int, *, detail: Detail) -> int:
        """Tokens of one picture."""
        if detail == "low":
            return self.base
        shrink = min(1.0, _FIT_PX / max(width_px, height_px))
        shrink *= min(1.0, _SHORT_PX / (shrink * min(width_px, height_px)))
        # A vendor that rounds to whole pixels comes to no more tiles than the unrounded sides.
        across, down = (math.ceil(side * shrink / self.tile_px - _EXACT) for side in (width_px, height_px))
        return self.base + self.tile * across * down


class Patches(Section):
    """OpenAI's newer models: patches of a grid, times a multiplier, at any detail."""

    rule: Literal["patches"]
    """This rule."""

    patch_px: PositiveInt
    """A patch's side."""

    multiplier: Annotated[float, Field(gt=0)]
    """Tokens of a patch."""

    most: PositiveInt
    """The most patches; larger pictures are scaled down to them."""

    def tokens(self, width_px: int, height_px: int, *, detail: Detail) -> int:
        """Tokens of one picture."""
        patches = math.ceil(width_px / self.patch_px) * math.ceil(height_px / self.patch_px)
        return math.ceil(min(patches, self.most) * self.multiplier)


class Crops(Section):
    """Gemini 2.5: small pictures at one price, others by crops of two thirds of the shorter side."""

    rule: Literal["crops"]
    """This rule."""

    small_px: PositiveInt
    """Pictures with both sides at most this are one crop."""

    crop: PositiveInt
    """Tokens of one crop."""

    def tokens(self, width_px: int, height_px: int, *, detail: Detail) -> int:
        """Tokens of one picture."""
        if max(width_px, height_px) <= self.small_px:
            return self.crop
        unit = max(256, min(768, math.floor(min(width_px, height_px) / 1.5)))
        return self.crop * math.ceil(width_px / unit) * math.ceil(height_px / unit)


class Fixed(Section):
    """Gemini 3: so many tokens at each detail, whatever the size."""

    rule: Literal["fixed"]
    """This rule."""

    low: PositiveInt
    """Tokens at detail low."""

    high: PositiveInt
    """Tokens at any other."""

    def tokens(self, width_px: int, height_px: int, *, detail: Detail) -> int:
        """Tokens of one picture."""
        return self.low if detail == "low" else self.high


PictureTokens = Annotated[Tiles | Patches | Crops | Fixed, Field(discriminator="rule")]


def scaled(width_px: int, height_px: int, *, longest_px: int) -> tuple[int, int]:
    """The size as sent: the longer side at most `longest_px`, never larger than it was."""
    shrink = min(1.0, longest_px / max(width_px, height_px))
    return max(1, round(width_px * shrink)), max(1, round(height_px * shrink))
