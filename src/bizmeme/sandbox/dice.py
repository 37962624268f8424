"""Seeded chance: every draw hangs on the words that name it, never on the order of requests."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def digest(*parts: object) -> int:
    """64 bits of the SHA-256 of the parts; unlike `hash()` the same in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def stream(*parts: object) -> random.Random:
    """A generator of its own for whatever the parts name."""
    return random.Random(digest(*parts))


def happens(dice: random.Random, odds: float) -> bool:
    """Whether something of that probability happens."""
    return dice.random() < odds


def share(*parts: object) -> float:
    """One uniform draw in [0, 1)."""
    return digest(*parts) / 2**64


def pick(options: Sequence[T], *parts: object) -> T:
    """One of `options`, each equally likely."""
    return options[digest(*parts) % len(options)]


def drawn(odds: Mapping[T, float], dice: random.Random) -> T:
    """One key, as likely as its value says; the values need not sum to 1."""
    return dice.choices(list(odds), list(odds.values()))[0]
