"""The wall clock."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from bizmeme.core.settings import Section


class Config(Section):
    """`clock: {name: wall}`."""

    name: Literal["wall"]
    """This file."""


class WallTimer:
    """ports.Timer on real time; it goes on where it was when the computer's clock is set back."""

    def __init__(self) -> None:
        self._latest_s = -math.inf
        self._ahead_s = 0.0  # of the computer's clock

    async def now(self) -> float:
        """Seconds since 1970, UTC."""
        now_s = time.time() + self._ahead_s
        if now_s < self._latest_s:
            self._ahead_s += self._latest_s - now_s
        self._latest_s = max(self._latest_s, now_s)
        return self._latest_s

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)


class WallClock:
    """ports.Clock on real time."""

    def __init__(self) -> None:
        self._timer = WallTimer()  # one for all sessions: they share the time

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WallTimer]:
        """A timer; real time needs no registration."""
        yield self._timer


def build(config: Config) -> WallClock:
    """The wall clock."""
    return WallClock()
