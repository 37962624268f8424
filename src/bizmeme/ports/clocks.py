"""Time as a role: wall or simulated, one session a task."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Timer(Protocol):
    """One task's hold on a clock: while it is open and awake, simulated time stands still."""

    async def now(self) -> float:
        """Seconds since 1970, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `now()` has grown by `seconds`."""
        ...


class Clock(Protocol):
    """Time, wall or simulated; each concurrent task opens its own session."""

    def session(self) -> AbstractAsyncContextManager[Timer]:
        """A timer for one task."""
        ...
