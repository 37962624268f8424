"""The face in every picture: its colour has a word, its expression is mere variation."""

from collections.abc import Callable, Mapping

from bizmeme.sandbox.pictures.brush import INK, WHITE, Brush, Colour, Place, hsv

FACES: Mapping[str, tuple[float, float, float]] = {  # hue, saturation, value
    "green": (0.33, 0.55, 0.66),
    "pink": (0.93, 0.38, 0.95),
    "blue": (0.60, 0.60, 0.86),
    "brown": (0.07, 0.55, 0.55),
}


def skin(face: str, brush: Brush) -> Colour:
    """The face's colour, a little different in every picture."""
    hue, saturation, value = FACES[face]
    return hsv(hue + brush.jitter(0.015), saturation + brush.jitter(0.06), min(1, value + brush.jitter(0.06)))


def draw_face(brush: Brush, face: str, place: Place, *, radius: float) -> None:
    """A head with eyes and a mouth, its centre at `place`."""
    brush.disc(place, radius, skin(face, brush), edge=0.018)
    look = brush.jitter(0.08) * radius
    for side in (-1, 1):
        eye = brush.beside(place, side * 0.42 * radius, -0.18 * radius)
        brush.disc(eye, 0.27 * radius, WHITE, edge=0.012)
        brush.disc(brush.beside(eye, look, 0.04 * radius), 0.11 * radius, INK)
    brush.dice.choice(_MOUTHS)(brush, place, radius)


def _smile(brush: Brush, place: Place, radius: float) -> None:
    brush.arc(brush.beside(place, 0, 0.12 * radius), 0.48 * radius, (20, 160), width=0.028)


def _frown(brush: Brush, place: Place, radius: float) -> None:
    brush.arc(brush.beside(place, 0, 0.85 * radius), 0.42 * radius, (205, 335), width=0.028)


def _flat(brush: Brush, place: Place, radius: float) -> None:
    ends = [brush.beside(place, side * 0.4 * radius, 0.48 * radius) for side in (-1, 1)]
    brush.stroke(ends, INK, width=0.028)


def _open(brush: Brush, place: Place, radius: float) -> None:
    brush.disc(brush.beside(place, 0, 0.5 * radius), 0.22 * radius, INK)


_MOUTHS: tuple[Callable[[Brush, Place, float], None], ...] = (_smile, _frown, _flat, _open)
