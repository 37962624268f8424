"""When somebody posts, and where: a day's sine, and threads of very different pull.

A thread's pull is drawn log-normally when it is opened and fades exponentially. Since all fade alike, only
ratios matter, and a pull can be kept as one number: exp(z + opened_at / fades_after).
"""

import math
import random
from collections.abc import Iterator
from itertools import accumulate

from bizmeme.sandbox.live.config import TrafficConfig

_DAY_S = 86_400.0


def pace(at: float, traffic: TrafficConfig) -> float:
    """The rate at that moment, as a multiple of the day's mean."""
    hour = at % _DAY_S / 3_600
    return 1 + traffic.day_swing * math.cos(2 * math.pi * (hour - traffic.busiest_hour) / 24)


def arrivals(
    per_day: float, begins_at: float, traffic: TrafficConfig, dice: random.Random
) -> Iterator[float]:
    """A Poisson process that follows the day, without end: a faster one, thinned."""
    highest = 1 + traffic.day_swing
    at = begins_at
    while True:
        at += dice.expovariate(per_day * highest / _DAY_S)
        if dice.random() * highest < pace(at, traffic):
            yield at


def spaced(per_day: float, begins_at: float, ends_at: float, dice: random.Random) -> list[float]:
    """One moment in each stretch of 1/per_day days, so that a day has as many as it should."""
    if not per_day:
        return []
    stretch = _DAY_S / per_day
    count = int((ends_at - begins_at) / stretch)
    return [begins_at + (number + dice.random()) * stretch for number in range(count)]


class Pulls:
    """How strongly each thread draws replies."""

    def __init__(self, traffic: TrafficConfig, begins_at: float) -> None:
        self._traffic = traffic
        self._begins_at = begins_at
        self._pulls: dict[int, float] = {}

    def open(self, no: int, at: float, dice: random.Random) -> None:
        """A new thread."""
        age = (at - self._begins_at) / (3_600 * self._traffic.fades_after_h)
        self._pulls[no] = math.exp(dice.gauss(0, self._traffic.spread) + age)

    def choose(self, nos: list[int], dice: random.Random) -> int:
        """One of these threads."""
        return dice.choices(nos, cum_weights=list(accumulate(self._pulls[no] for no in nos)))[0]
