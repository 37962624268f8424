"""A clock for tests: it moves only when somebody sleeps, and at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class JumpingTimer:
    """ports.Timer without waiting; `slept` are the naps asked for."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0
        self.slept: list[float] = []

    async def now(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class JumpingClock:
    """ports.Clock whose sessions share one timer."""

    def __init__(self) -> None:
        self.timer = JumpingTimer()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[JumpingTimer]:
        yield self.timer
