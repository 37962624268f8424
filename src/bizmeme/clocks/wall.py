"""The wall clock."""

import asyncio
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
    """ports.Timer on real time."""

    async def now(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)


class WallClock:
    """ports.Clock on real time."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WallTimer]:
        """A timer; real time needs no registration."""
        yield WallTimer()


def build(config: Config) -> WallClock:
    """The wall clock."""
    return WallClock()
