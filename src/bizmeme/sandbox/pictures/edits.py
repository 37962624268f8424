"""What people do to a picture before they post it again: recompress, crop, put words above or below.

Every edit is seeded by the copy's own key, and its size is known before anything is drawn.
"""

import io
import random
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.pictures.brush import INK, WHITE

Edit = Literal["", "recompressed", "cropped", "captioned"]
Size = tuple[int, int]  # width and height in pixels

_LEAST_QUALITY, _MOST_QUALITY = 35, 70
_BAR_PX = 16  # the height of a caption bar on a picture of up to _LETTERING_PX wide
_LETTERING_PX = 112
# At most 18 letters of 6 px; none belongs to a topic.
_WORDS = ("NOBODY:", "LITERALLY ME", "TFW IT IS TUESDAY", "ANON EXPLAINS", "EVERY SINGLE TIME", "ME AGAIN")


def edited_size(size: Size, edit: Edit, key: str) -> Size:
    """What a picture of that size measures after the edit."""
    if edit == "recompressed":
        return _rescaled(size, stream(edit, key))
    if edit == "cropped":
        left, top, right, bottom = _kept(size, stream(edit, key))
        return right - left, bottom - top
    return (size[0], size[1] + _bar_px(size)) if edit == "captioned" else size


def edited(image: Image.Image, edit: Edit, key: str) -> Image.Image:
    """The picture after the edit: RGB, of `edited_size`."""
    dice = stream(edit, key)
    if edit == "recompressed":
        return _recompressed(image, dice)
    if edit == "cropped":
        return image.crop(_kept(image.size, dice))
    return _captioned(image, dice) if edit == "captioned" else image


def _recompressed(image: Image.Image, dice: random.Random) -> Image.Image:
    size = _rescaled(image.size, dice)
    file = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC).save(
        file, "JPEG", quality=dice.randint(_LEAST_QUALITY, _MOST_QUALITY)
    )
    return Image.open(file).convert("RGB")


def _rescaled(size: Size, dice: random.Random) -> Size:
    """The same size, or every second time 80 to 125 % of it."""
    scale = dice.uniform(0.8, 1.25) if happens(dice, 0.5) else 1.0
    return round(scale * size[0]), round(scale * size[1])


def _kept(size: Size, dice: random.Random) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a crop leaves: 4 to 12 % go, shared unevenly by the four sides."""
    weights, cut = [dice.random() for _ in range(4)], dice.uniform(0.04, 0.12)
    left, top, right, bottom = (cut * weight / sum(weights) for weight in weights)
    width, height = size
    return round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)


def _bar_px(size: Size) -> int:
    return _BAR_PX * _lettering(size)


def _lettering(size: Size) -> int:
    """How many pixels wide a dot of the bar's letters is."""
    return max(1, size[0] // _LETTERING_PX)


def _captioned(image: Image.Image, dice: random.Random) -> Image.Image:
    """A bar with a few words above or below the picture."""
    bar, above = _bar(image.size, dice), happens(dice, 0.6)
    whole = Image.new("RGB", (image.width, image.height + bar.height))
    whole.paste(bar, (0, 0 if above else image.height))
    whole.paste(image, (0, bar.height if above else 0))
    return whole


def _bar(size: Size, dice: random.Random) -> Image.Image:
    """Pillow's own bitmap letters, enlarged by whole dots: every version draws them alike."""
    dot = _lettering(size)
    paper, ink = (WHITE, INK) if happens(dice, 0.7) else (INK, WHITE)
    bar = Image.new("RGB", (-(-size[0] // dot), _BAR_PX), paper)
    pen, font, words = ImageDraw.Draw(bar), ImageFont.load_default_imagefont(), dice.choice(_WORDS)
    pen.text(((bar.width - pen.textlength(words, font=font)) // 2, 2), words, fill=ink, font=font)
    enlarged = bar.resize((bar.width * dot, bar.height * dot), Image.Resampling.NEAREST)
    return enlarged.crop((0, 0, size[0], enlarged.height))
