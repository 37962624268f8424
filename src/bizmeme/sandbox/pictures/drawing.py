"""One picture from its description: a background, a scene, a face, at times a frame and a caption bar.

A copy is drawn from what it was made of: exactly as that was posted, and then edited.
"""

import random
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.pictures.brush import INK, OVERSAMPLING, WHITE, Brush, Colour, hsv
from bizmeme.sandbox.pictures.edits import Edit, edited, edited_size
from bizmeme.sandbox.pictures.faces import draw_face
from bizmeme.sandbox.pictures.murk import murked
from bizmeme.sandbox.pictures.scenes import DRAW, nose
from bizmeme.sandbox.pictures.scenes_unseen import DRAW_UNSEEN

Flaw = Literal["", "truncated", "video", "bomb", "empty", "page", "mislabelled"]

_CAPTIONS = ("POV", "ME RN", "MFW", "EVERY DAY", "MONDAY", "ANON", "WHEN THE", "LIVE FROM /biz/")
_PNG_SHARE = 0.35  # of copies that were not recompressed


@dataclass(frozen=True, slots=True)
class Picture:
    """What a post's file shows; `key` seeds every small variation."""

    key: str
    scene: str
    face: str
    width_px: int
    height_px: int
    ext: str  # .jpg, .png, .gif, .webm or .mp4
    flaw: Flaw
    murky: bool = False  # hard to see, for everyone
    unseen: bool = False  # drawn in the scene's reserved manner, which only the world's last period shows
    edit: Edit = ""
    original: "Picture | None" = None  # what a copy was made of: always itself no copy

    @property
    def root(self) -> str:
        """The key of the drawing: a copy's is that of its original."""
        return self.original.key if self.original else self.key


def copied(original: Picture, key: str, edit: Edit) -> Picture:
    """The description of an edited copy; a copy of a copy is made of the first drawing."""
    root = original.original or original
    width_px, height_px = edited_size((root.width_px, root.height_px), edit, key)
    saved = ".png" if happens(stream("saved", key), _PNG_SHARE) else ".jpg"
    return replace(
        root,
        key=key,
        width_px=width_px,
        height_px=height_px,
        ext=".jpg" if edit == "recompressed" else saved,
        flaw="",
        edit=edit,
        original=root,
    )


def draw(picture: Picture) -> Image.Image:
    """The picture's pixels, RGB; the same for the same description."""
    if picture.original:
        return edited(draw(picture.original), picture.edit, picture.key)
    image = _drawn(picture, stream("picture", picture.key))
    return murked(image, stream("murk", picture.key)) if picture.murky else image


def _drawn(picture: Picture, dice: random.Random) -> Image.Image:
    """The picture before anything clouds or edits it."""
    size = (picture.width_px * OVERSAMPLING, picture.height_px * OVERSAMPLING)
    canvas = _background(size, dice, dark=picture.scene == "rocket" and not picture.unseen)
    brush = Brush.on(canvas, dice)
    _texture(brush)
    spot = (DRAW_UNSEEN if picture.unseen else DRAW)[picture.scene](brush)
    draw_face(brush, picture.face, spot.place, radius=spot.radius)
    if picture.scene == "clown" and not picture.unseen:
        nose(brush, spot)
    image = canvas.reduce(OVERSAMPLING)
    _edge(image, dice)
    return image


def _background(size: tuple[int, int], dice: random.Random, *, dark: bool) -> Image.Image:
    """A gradient between two colours of one family, so that equal scenes differ as wholes."""
    hue, value = dice.random(), dice.uniform(0.08, 0.45) if dark else dice.uniform(0.3, 1.0)
    corners = Image.new("RGB", (2, 2))
    for corner in range(4):
        shade = value * dice.uniform(0.7, 1.0)
        corners.putpixel(divmod(corner, 2), hsv(hue + dice.uniform(-0.1, 0.1), dice.uniform(0.1, 0.7), shade))
    return corners.resize(size, Image.Resampling.BILINEAR)


def _texture(brush: Brush) -> None:
    """Nothing, stripes, or a horizon."""
    kind = brush.dice.choices(("plain", "stripes", "horizon"), (0.5, 0.25, 0.25))[0]
    colour = hsv(brush.dice.random(), 0.4, brush.dice.uniform(0.2, 0.9))
    if kind == "stripes":
        _stripes(brush, colour)
    elif kind == "horizon":
        level = brush.dice.uniform(0.55, 0.85)
        brush.shape([(0, level), (1, level + brush.jitter(0.1)), (1, 1), (0, 1)], colour)


def _stripes(brush: Brush, colour: Colour) -> None:
    step, lean = brush.dice.uniform(0.14, 0.3), brush.jitter(0.4)
    for k in range(-3, round(1 / step) + 3):
        brush.stroke([(k * step, 0), (k * step + lean, 1)], colour, width=0.03)


def _edge(image: Image.Image, dice: random.Random) -> None:
    """A frame on some pictures, a caption bar on others; drawn at final size, where text stays sharp."""
    pen = ImageDraw.Draw(image)
    kind = dice.choices(("bare", "framed", "captioned"), (0.5, 0.2, 0.3))[0]
    if kind == "framed":
        pen.rectangle(
            (0, 0, image.width - 1, image.height - 1), outline=hsv(dice.random(), 0.6, 0.5), width=4
        )
    elif kind == "captioned":
        top = dice.choice((0, image.height - 14))
        light = happens(dice, 0.6)
        pen.rectangle((0, top, image.width, top + 13), fill=WHITE if light else INK)
        words = dice.choice(_CAPTIONS)
        pen.text((4, top + 1), words, fill=INK if light else WHITE, font=ImageFont.load_default_imagefont())
