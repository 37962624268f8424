"""When threads open and when they are answered: the world's posts as moments, before they have numbers."""

import math
import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import stream

DAY_S = 86_400
HOUR_S = 3_600

_LONGEST_THREAD = 300  # replies; the board's bump limit is 310
_REPLY_GAP_S = 1_500
_LONGEST_LIFE_S = 2 * DAY_S
# Share of posts by hour UTC: flat, with the American day on top, as measured on the real board.
_HOURS = [0.035] * 14 + [0.065] * 7 + [0.035] * 3


@dataclass(frozen=True, slots=True, order=True)
class Draft:
    """One post to be: seconds since 1970, its thread's index, and its place in the thread (0 opens it)."""

    posted_at: int
    thread: int
    place: int


def begins_at(config: SandboxConfig) -> int:
    """The first second of the first day."""
    days = config.world.first_day.toordinal() - 719_163  # the ordinal of 1970-01-01
    return days * DAY_S


def ends_at(config: SandboxConfig) -> int:
    """The end of the last day: no post is younger, and the clock starts here."""
    return begins_at(config) + config.world.days * DAY_S


def drafts(config: SandboxConfig) -> list[Draft]:
    """Every post of the world in the order of its time."""
    return sorted(draft for thread in range(config.world.threads) for draft in _thread(config, thread))


def _thread(config: SandboxConfig, thread: int) -> Iterator[Draft]:
    dice = stream(config.seed, "thread", thread)
    posted_at = _opening(config, thread, dice)
    last = min(ends_at(config) - 1, posted_at + _LONGEST_LIFE_S)
    yield Draft(posted_at, thread, 0)
    for place in range(1, _replies(config.world.replies_mean, dice) + 1):
        posted_at += 20 + round(dice.expovariate(1 / _REPLY_GAP_S))
        if posted_at > last:
            return
        yield Draft(posted_at, thread, place)


def _opening(config: SandboxConfig, thread: int, dice: random.Random) -> int:
    """Threads are spread evenly over the days, and over a day's hours as on the real board."""
    day = thread * config.world.days // config.world.threads
    cumulated = list(accumulate(_HOURS))
    hour = bisect(cumulated, dice.random() * cumulated[-1])
    return begins_at(config) + day * DAY_S + min(hour, 23) * HOUR_S + dice.randrange(HOUR_S)


def _replies(mean: float, dice: random.Random) -> int:
    """A geometric draw with that mean."""
    if mean == 0:
        return 0
    longest = math.log(1 - dice.random()) / math.log(mean / (1 + mean))
    return min(int(longest), _LONGEST_THREAD)
