"""A brush for small drawings: places in fractions of the canvas, lengths in fractions of its short side."""

import colorsys
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Place = tuple[float, float]

OVERSAMPLING = 2  # drawn twice as large and averaged, since Pillow draws hard edges
INK: Colour = (25, 22, 30)
WHITE: Colour = (250, 250, 250)


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour from hue, saturation and value, each 0..1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws on one canvas; `dice` decides every small variation."""

    pen: ImageDraw.ImageDraw
    width_px: int
    height_px: int
    dice: random.Random

    @classmethod
    def on(cls, canvas: Image.Image, dice: random.Random) -> "Brush":
        """A brush for a canvas in its oversampled size."""
        return cls(ImageDraw.Draw(canvas), canvas.width, canvas.height, dice)

    def px(self, length: float) -> float:
        """A length in pixels."""
        return length * min(self.width_px, self.height_px)

    def at(self, place: Place) -> Place:
        """A place in pixels."""
        return place[0] * self.width_px, place[1] * self.height_px

    def jitter(self, reach: float) -> float:
        """A draw from -reach to reach."""
        return self.dice.uniform(-reach, reach)

    def shape(self, places: Sequence[Place], fill: Colour, *, edge: Colour | None = None) -> None:
        """A filled polygon."""
        self.pen.polygon([self.at(place) for place in places], fill=fill, outline=edge)

    def stroke(self, places: Sequence[Place], colour: Colour, *, width: float) -> None:
        """A line through all places."""
        points = [self.at(place) for place in places]
        self.pen.line(points, fill=colour, width=max(1, round(self.px(width))), joint="curve")

    def box(self, corner: Place, far: Place, fill: Colour) -> None:
        """A filled rectangle between two corners."""
        (left, top), (right, bottom) = self.at(corner), self.at(far)
        self.pen.rectangle(
            (min(left, right), min(top, bottom), max(left, right), max(top, bottom)), fill=fill
        )

    def disc(self, place: Place, radius: float, fill: Colour, *, edge: float = 0.0) -> None:
        """A filled circle, with an ink outline of width `edge`."""
        (x, y), reach = self.at(place), self.px(radius)
        around = (x - reach, y - reach, x + reach, y + reach)
        self.pen.ellipse(around, fill=fill, outline=INK if edge else None, width=round(self.px(edge)) or 1)

    def arc(self, place: Place, radius: float, span: tuple[float, float], *, width: float) -> None:
        """A part of a circle in ink, between two angles in degrees, clockwise from the right."""
        (x, y), reach = self.at(place), self.px(radius)
        around = (x - reach, y - reach, x + reach, y + reach)
        self.pen.arc(around, *span, fill=INK, width=max(1, round(self.px(width))))

    def beside(self, place: Place, right: float, down: float) -> Place:
        """The place that lies `right` and `down` lengths away."""
        across, below = self.px(right), self.px(down)
        return place[0] + across / self.width_px, place[1] + below / self.height_px
