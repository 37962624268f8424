"""What makes a picture hard to see: its contrast fades, haze or glare lies over it, and it is noisy."""

import random

from PIL import Image

from bizmeme.sandbox.dice import happens
from bizmeme.sandbox.pictures.brush import Colour, hsv


def murked(image: Image.Image, dice: random.Random) -> Image.Image:
    """The picture as seen with effort; RGB, of the same size."""
    faded = Image.blend(image, _flat(image, _veil(dice)), dice.uniform(0.3, 0.45))
    covered = _glared(faded, dice) if happens(dice, 0.5) else _hazed(faded, dice)
    return _noisy(covered, dice)


def _veil(dice: random.Random) -> Colour:
    """A pale or a dark colour near grey."""
    return hsv(dice.random(), dice.uniform(0.0, 0.25), dice.choice((0.25, 0.5, 0.75, 0.95)))


def _flat(image: Image.Image, colour: Colour) -> Image.Image:
    return Image.new("RGB", image.size, colour)


def _hazed(image: Image.Image, dice: random.Random) -> Image.Image:
    """Fog that is thicker in some corners than in others."""
    corners = Image.frombytes("L", (2, 2), bytes(dice.randint(40, 190) for _ in range(4)))
    thickness = corners.resize(image.size, Image.Resampling.BILINEAR)
    return Image.composite(_flat(image, _veil(dice)), image, thickness)


def _glared(image: Image.Image, dice: random.Random) -> Image.Image:
    """A lamp's reflection: white in its middle, nothing at its rim."""
    reach = round(dice.uniform(1.0, 1.4) * max(image.size))
    light = Image.radial_gradient("L").resize((reach, reach)).point(_BRIGHTNESS)
    corner = [round(dice.uniform(0.15, 0.85) * side - reach / 2) for side in image.size]
    mask = Image.new("L", image.size)
    mask.paste(light, (corner[0], corner[1]))
    return Image.composite(_flat(image, (255, 255, 250)), image, mask)


# Pillow's gradient is 0 in the middle and 255 from the rim on.
_BRIGHTNESS = [max(0, 220 - distance) for distance in range(256)]


def _noisy(image: Image.Image, dice: random.Random) -> Image.Image:
    """Noise of grains of one pixel; from the standard library, whose bytes are the same everywhere."""
    noise = Image.frombytes("RGB", image.size, dice.randbytes(3 * image.width * image.height))
    return Image.blend(image, noise, dice.uniform(0.16, 0.28))
