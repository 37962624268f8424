"""An event loop whose time jumps: where nothing is ready, the next timer is due at once. No threads."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    """Never waits: it counts what it should have waited."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed_s += max(timeout or 0.0, 0.0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1_000_000.0 + self._jumping.passed_s


class LoopTimer:
    """ports.Timer by the loop's time."""

    async def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LoopClock:
    """ports.Clock by the loop's time."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[LoopTimer]:
        yield LoopTimer()


def jumped(main: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in no time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)
