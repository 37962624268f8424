"""The six scenes, drawn large enough to be told apart at 112 pixels; each returns where the face goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bizmeme.sandbox.pictures.brush import INK, WHITE, Brush, Colour, Place, hsv


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a scene leaves room for the face."""

    place: Place
    radius: float


def corner(brush: Brush, *, x: float, y: float) -> Spot:
    """A spot near a place, a little different each time."""
    return Spot((x + brush.jitter(0.05), y + brush.jitter(0.05)), brush.dice.uniform(0.13, 0.19))


def _side(brush: Brush) -> float:
    """Left or right, as a fraction of the width."""
    return brush.dice.choice((0.24, 0.76))


# --- charts -------------------------------------------------------------------------------------------


def _chart(brush: Brush, begin: float, end: float, wobble: float) -> None:
    """Candles from one height to another, and an arrow or line along them."""
    panel = hsv(brush.dice.random(), 0.12, brush.dice.choice((0.14, 0.2, 0.93, 1.0)))
    brush.box((0.04, 0.05), (0.96, 0.95), panel)
    count = brush.dice.randint(7, 11)
    heights = [begin + (end - begin) * k / count + brush.jitter(wobble) for k in range(count + 1)]
    heights[0], heights[-1] = begin, end
    for k in range(count):
        _candle(brush, 0.08 + 0.84 * k / count, 0.68 * 0.84 / count, heights[k : k + 2])


def _candle(brush: Brush, left: float, width: float, heights: list[float]) -> None:
    opened, closed = heights
    up = closed < opened  # heights grow downwards
    colour = hsv(0.37 if up else 0.0, 0.75, 0.75 if up else 0.85)
    low, high = max(opened, closed) + brush.dice.uniform(0.01, 0.05), min(opened, closed)
    middle = left + width / 2
    brush.stroke([(middle, low), (middle, high - brush.dice.uniform(0.01, 0.05))], colour, width=0.016)
    brush.box((left, opened), (left + width, closed + (0.03 if closed >= opened else -0.03)), colour)


def _climb(brush: Brush) -> Spot:
    _chart(brush, brush.dice.uniform(0.76, 0.88), brush.dice.uniform(0.1, 0.22), 0.06)
    return corner(brush, x=0.24, y=0.27)


def _crash(brush: Brush) -> Spot:
    _chart(brush, brush.dice.uniform(0.1, 0.22), brush.dice.uniform(0.78, 0.88), 0.06)
    return corner(brush, x=0.76, y=0.27)


def _range(brush: Brush) -> Spot:
    level = brush.dice.uniform(0.32, 0.42)
    _chart(brush, level, level + brush.jitter(0.03), 0.09)
    return corner(brush, x=brush.dice.choice((0.25, 0.5, 0.75)), y=0.78)


# --- flames, rocket, clown ----------------------------------------------------------------------------


def _flames(brush: Brush) -> Spot:
    spot = Spot((0.5 + brush.jitter(0.22), 0.5 + brush.jitter(0.08)), brush.dice.uniform(0.15, 0.21))
    for layer, hue in ((0.75, 0.01), (0.52, 0.06), (0.3, 0.13)):
        for _ in range(5):
            _tongue(brush, brush.dice.random(), layer * brush.dice.uniform(0.6, 1.1), hue)
    return spot


def _tongue(brush: Brush, x: float, height: float, hue: float) -> None:
    half, tip = brush.dice.uniform(0.09, 0.16), x + brush.jitter(0.07)
    colour = hsv(hue + brush.jitter(0.012), 0.92, brush.dice.uniform(0.88, 1.0))
    belly = 1 - 0.4 * height
    places = [
        (x - half, 1.0),
        (x - 0.8 * half, belly),
        (tip, 1 - height),
        (x + 0.8 * half, belly),
        (x + half, 1.0),
    ]
    brush.shape(places, colour)


def _rocket(brush: Brush) -> Spot:
    side = _side(brush)
    for _ in range(12):
        brush.disc((brush.dice.random(), brush.dice.random()), brush.dice.uniform(0.006, 0.016), WHITE)
    _hull(brush, (side + brush.jitter(0.06), 0.4 + brush.jitter(0.06)), brush.dice.uniform(0.9, 1.15))
    return corner(brush, x=1 - side, y=0.7)


def _hull(brush: Brush, middle: Place, size: float) -> None:
    """Exhaust, fins, body, nose and window, tilted as one."""
    lean = brush.jitter(0.25)

    def place(right: float, down: float) -> Place:
        return brush.beside(middle, size * (right - lean * down), size * down)

    accent = hsv(brush.dice.choice((0.0, 0.58, 0.8)), 0.8, 0.85)
    brush.shape([place(-0.08, 0.2), place(0.08, 0.2), place(0, 0.55)], hsv(0.1, 0.9, 1.0))
    brush.shape([place(-0.04, 0.2), place(0.04, 0.2), place(0, 0.4)], hsv(0.15, 0.6, 1.0))
    for way in (-1, 1):
        brush.shape([place(way * 0.1, 0.0), place(way * 0.22, 0.24), place(way * 0.1, 0.18)], accent)
    hull = [place(-0.11, 0.2), place(-0.11, -0.15), place(0.11, -0.15), place(0.11, 0.2)]
    brush.shape(hull, (222, 224, 232), edge=INK)
    brush.shape([place(-0.11, -0.15), place(0.11, -0.15), place(0, -0.38)], accent, edge=INK)
    brush.disc(place(0, -0.04), 0.055 * size, hsv(0.55, 0.6, 0.9), edge=0.012)


def _clown(brush: Brush) -> Spot:
    """Confetti, a wig and a hat; `noses` adds what lies over the face."""
    for _ in range(14):
        colour = hsv(brush.dice.random(), 0.8, 0.95)
        brush.disc((brush.dice.random(), brush.dice.random()), 0.022, colour)
    spot = Spot((0.5 + brush.jitter(0.14), 0.6 + brush.jitter(0.06)), brush.dice.uniform(0.22, 0.27))
    wig: Colour = hsv(brush.dice.choice((0.0, 0.08, 0.3, 0.5, 0.83)), 0.85, 0.9)
    for side in (-1, 1):
        for right, down in ((1.05, -0.45), (1.2, 0.0), (1.05, 0.42)):
            tuft = brush.beside(spot.place, side * right * spot.radius, down * spot.radius)
            brush.disc(tuft, 0.4 * spot.radius, wig)
    _hat(brush, spot)
    return spot


def _hat(brush: Brush, spot: Spot) -> None:
    radius = spot.radius
    corners = [(-0.6, -0.75), (0.6, -0.75), (brush.jitter(0.3), -1.95)]
    cone = [brush.beside(spot.place, right * radius, down * radius) for right, down in corners]
    brush.shape(cone, hsv(brush.dice.random(), 0.7, 0.8), edge=INK)
    brush.disc(cone[2], 0.2 * radius, WHITE, edge=0.01)


def nose(brush: Brush, spot: Spot) -> None:
    """What a clown wears over the face."""
    place = brush.beside(spot.place, 0, 0.12 * spot.radius)
    brush.disc(place, 0.26 * spot.radius, hsv(0.0, 0.9, 0.9), edge=0.01)


DRAW: Mapping[str, Callable[[Brush], Spot]] = {
    "climb": _climb,
    "crash": _crash,
    "range": _range,
    "flames": _flames,
    "rocket": _rocket,
    "clown": _clown,
}
