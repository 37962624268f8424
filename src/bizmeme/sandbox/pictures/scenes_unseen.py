"""Every scene in another manner, which no earlier picture shows: the same meaning, drawn unlike before.

A person reads these at once; a model that only ever saw the usual manner has to have learnt what they mean.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from bizmeme.sandbox.pictures.brush import INK, WHITE, Brush, Colour, Place, hsv
from bizmeme.sandbox.pictures.scenes import Spot, corner

# --- charts without a candle: any colour, so that only the course of the line or bars tells ------------


def _climb(brush: Brush) -> Spot:
    """Bars like a staircase, and an arrow up."""
    _paper(brush)
    count, colour = brush.dice.randint(5, 6), _any_colour(brush)
    low, high = brush.dice.uniform(0.74, 0.8), brush.dice.uniform(0.26, 0.34)
    for k in range(count):
        left = 0.1 + 0.8 * k / count
        brush.box((left, low + (high - low) * k / (count - 1)), (left + 0.66 / count, 0.9), colour)
    _arrow(brush, [(0.1, low - 0.12), (0.52, 0.5 * (low + high) - 0.1), (0.84, high - 0.16)])
    return corner(brush, x=0.26, y=0.27)


def _crash(brush: Brush) -> Spot:
    """A filled line that holds for a while and then plunges."""
    _paper(brush)
    top, bottom = brush.dice.uniform(0.17, 0.25), brush.dice.uniform(0.8, 0.84)
    edge = brush.dice.uniform(0.3, 0.38)
    held = [(0.08 + (edge - 0.08) * k / 3, top + brush.jitter(0.03)) for k in range(4)]
    fallen = [(edge + 0.12, 0.45 * top + 0.55 * bottom), (edge + 0.2, 0.6 * bottom), (edge + 0.32, bottom)]
    _area(brush, [*held, *fallen, (0.92, bottom + brush.jitter(0.02))], _any_colour(brush))
    _arrow(brush, [(edge + 0.1, top), (edge + 0.3, bottom - 0.14)])
    return corner(brush, x=0.76, y=0.3)


def _range(brush: Brush) -> Spot:
    """A smooth wave between two dashed lines."""
    _paper(brush)
    level, swing = brush.dice.uniform(0.3, 0.36), brush.dice.uniform(0.08, 0.11)
    turns, shift = brush.dice.uniform(2.0, 3.2), brush.dice.random()
    xs = [0.07 + 0.86 * k / 40 for k in range(41)]
    wave = [(x, level + swing * math.sin(math.tau * (turns * x + shift))) for x in xs]
    for line in (level - 1.5 * swing, level + 1.5 * swing):
        for k in range(7):
            brush.stroke([(0.07 + 0.13 * k, line), (0.14 + 0.13 * k, line)], _GREY, width=0.022)
    brush.stroke(wave, _any_colour(brush), width=0.045)
    return corner(brush, x=brush.dice.choice((0.27, 0.5, 0.73)), y=0.74)


_GREY: Colour = (120, 120, 128)


def _paper(brush: Brush) -> None:
    """A sheet with two axes."""
    brush.box((0.03, 0.03), (0.97, 0.97), hsv(brush.dice.random(), 0.1, brush.dice.uniform(0.82, 1.0)))
    brush.stroke([(0.06, 0.06), (0.06, 0.92), (0.95, 0.92)], INK, width=0.022)


def _any_colour(brush: Brush) -> Colour:
    return hsv(brush.dice.random(), brush.dice.uniform(0.55, 0.8), brush.dice.uniform(0.5, 0.8))


def _area(brush: Brush, line: Sequence[Place], colour: Colour) -> None:
    """A line and the ground below it, in a lighter shade."""
    red, green, blue = colour
    pale = (160 + red * 3 // 8, 160 + green * 3 // 8, 160 + blue * 3 // 8)
    brush.shape([*line, (line[-1][0], 0.91), (line[0][0], 0.91)], pale)
    brush.stroke(line, colour, width=0.045)


def _arrow(brush: Brush, places: Sequence[Place]) -> None:
    """An ink line that ends in a head."""
    brush.stroke(places, INK, width=0.032)
    (x, y), (end_x, end_y) = places[-2], places[-1]
    angle = math.atan2(end_y - y, end_x - x)
    turned = [angle + 0.85 * math.pi, angle - 0.85 * math.pi]
    barbs = [(end_x + 0.12 * math.cos(turn), end_y + 0.12 * math.sin(turn)) for turn in turned]
    brush.shape([places[-1], *barbs], INK)


# --- flames: a house on fire --------------------------------------------------------------------------


def _flames(brush: Brush) -> Spot:
    middle = 0.5 + brush.jitter(0.08)
    for k in range(5):  # smoke
        shade = brush.dice.randint(60, 110)
        place = (middle + brush.jitter(0.3), 0.1 + 0.05 * k + brush.jitter(0.04))
        brush.disc(place, brush.dice.uniform(0.08, 0.15), (shade, shade, shade))
    for hue, tall in ((0.03, 1.0), (0.09, 0.72), (0.14, 0.45)):
        for k in range(4):
            _blaze(brush, (middle - 0.27 + 0.18 * k + brush.jitter(0.03), 0.5), 0.4 * tall, hue)
    _house(brush, middle)
    return Spot((middle, 0.74), brush.dice.uniform(0.14, 0.17))


def _blaze(brush: Brush, foot: Place, height: float, hue: float) -> None:
    """A flame like a drop: round below, pointed above."""
    colour, radius = hsv(hue, 0.9, 0.98), 0.26 * height
    tall = height * brush.dice.uniform(0.8, 1.15)
    brush.disc(foot, radius, colour)
    tip = brush.beside(foot, brush.jitter(0.05), -tall)
    brush.shape([brush.beside(foot, -radius, 0), tip, brush.beside(foot, radius, 0)], colour)


def _house(brush: Brush, middle: float) -> None:
    wall = hsv(brush.dice.random(), brush.dice.uniform(0.05, 0.3), brush.dice.uniform(0.75, 0.95))
    brush.box((middle - 0.34, 0.55), (middle + 0.34, 0.98), wall)
    eaves = [(middle - 0.41, 0.58), (middle - 0.2, 0.4), (middle + 0.2, 0.4), (middle + 0.41, 0.58)]
    brush.shape(eaves, hsv(brush.dice.random(), 0.3, 0.3), edge=INK)
    for side in (-1, 1):  # windows, with fire behind them
        x = middle + side * 0.26
        brush.box((x - 0.055, 0.65), (x + 0.055, 0.78), hsv(0.11, 0.85, 1.0))


# --- rocket: a jet on its way to the moon -------------------------------------------------------------


def _rocket(brush: Brush) -> Spot:
    way = brush.dice.choice((-1, 1))
    moon = (0.5 + way * 0.3 + brush.jitter(0.03), 0.19 + brush.jitter(0.03))
    brush.disc(moon, 0.15, (246, 238, 190), edge=0.012)
    for right, down in ((-0.05, -0.04), (0.06, 0.0), (-0.02, 0.07)):
        brush.disc(brush.beside(moon, right, down), 0.028, (206, 196, 150))
    _jet(brush, (0.48 - way * 0.08, 0.45 + brush.jitter(0.04)), way)
    return corner(brush, x=0.5 + way * 0.24, y=0.77)


def _jet(brush: Brush, middle: Place, way: int) -> None:
    """Trail, tail, body, wing and windows, climbing as one."""
    angle, size = brush.dice.uniform(0.55, 0.85), brush.dice.uniform(0.9, 1.05)
    cos, sin = size * math.cos(angle), size * math.sin(angle)

    def place(along: float, across: float) -> Place:
        return brush.beside(middle, way * (along * cos - across * sin), -(along * sin + across * cos))

    accent = hsv(brush.dice.random(), 0.75, 0.75)
    for across in (-0.045, 0.02):
        brush.stroke([place(-0.3, across), place(-0.75, across)], WHITE, width=0.03)
    brush.shape([place(-0.34, 0.25), place(-0.24, 0.25), place(-0.12, 0.04), place(-0.3, 0.04)], accent)
    body = [(0.4, -0.01), (0.3, 0.075), (-0.26, 0.065), (-0.36, 0.03), (-0.26, -0.07), (0.28, -0.08)]
    brush.shape([place(*point) for point in body], (236, 238, 244), edge=INK)
    brush.shape([place(0.1, -0.01), place(-0.08, -0.01), place(-0.24, -0.26), place(-0.14, -0.26)], accent)
    for k in range(4):
        brush.disc(place(0.2 - 0.1 * k, 0.03), 0.018 * size, INK)


# --- clown: a jester before a circus tent -------------------------------------------------------------


def _clown(brush: Brush) -> Spot:
    _tent(brush, hsv(brush.dice.choice((0.0, 0.58, 0.78, 0.36)), 0.75, 0.8))
    spot = Spot((0.5 + brush.jitter(0.06), 0.72 + brush.jitter(0.02)), brush.dice.uniform(0.17, 0.2))
    _cap(brush, spot)
    return spot


def _tent(brush: Brush, colour: Colour) -> None:
    """Striped walls and roof, and a flag."""
    stripes, peak = 8, (0.5, 0.12)
    for k in range(stripes):
        fill = colour if k % 2 else WHITE
        left, right = 0.06 + 0.88 * k / stripes, 0.06 + 0.88 * (k + 1) / stripes
        brush.box((0.04 + left * 0.92, 0.44), (0.04 + right * 0.92, 1.0), fill)
        brush.shape([peak, (left, 0.44), (right, 0.44)], fill)
        brush.disc(((left + right) / 2, 0.44), 0.44 / stripes, fill)
    brush.stroke([peak, (0.5, 0.02)], INK, width=0.02)
    brush.shape([(0.5, 0.02), (0.66, 0.055), (0.5, 0.09)], hsv(brush.dice.random(), 0.8, 0.9))


def _cap(brush: Brush, spot: Spot) -> None:
    """A jester's cap: two horns with bells, in two colours."""
    hue, radius = brush.dice.random(), spot.radius
    for side in (-1, 1):
        corners = [(0.0, -0.5), (0.0, -1.35), (side * 1.0, -1.55), (side * 1.75, -0.75), (side * 0.95, -0.55)]
        horn = [brush.beside(spot.place, right * radius, down * radius) for right, down in corners]
        brush.shape(horn, hsv(hue + 0.25 * side, 0.75, 0.85), edge=INK)
        brush.disc(horn[3], 0.22 * radius, (240, 205, 70), edge=0.012)


DRAW_UNSEEN: Mapping[str, Callable[[Brush], Spot]] = {
    "climb": _climb,
    "crash": _crash,
    "range": _range,
    "flames": _flames,
    "rocket": _rocket,
    "clown": _clown,
}
