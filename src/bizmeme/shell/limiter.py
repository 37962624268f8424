"""Rate limits on the clock port: requests spaced evenly, and a pause that holds for everyone."""

import asyncio

from bizmeme.ports.clocks import Timer


class Limiter:
    """Spaces requests of all tasks of one process; Retry-After pauses them all."""

    def __init__(self, *, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next_s = 0.0
        self._lock = asyncio.Lock()

    async def wait(self, timer: Timer) -> None:
        """Return when the caller may send its request."""
        async with self._lock:
            now_s = await timer.now()
            start_s = max(now_s, self._next_s)
            self._next_s = start_s + self._interval_s
        if start_s > now_s:
            await timer.sleep(start_s - now_s)

    async def pause(self, timer: Timer, *, seconds: float) -> None:
        """Let nobody send for `seconds`."""
        async with self._lock:
            self._next_s = max(self._next_s, await timer.now() + seconds)
