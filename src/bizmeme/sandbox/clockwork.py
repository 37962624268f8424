"""Simulated time: it jumps to the earliest sleeper's hour, and only when every task is asleep."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Sleeper:
    """One registered task; `due` is None while it is awake."""

    due: float | None = None
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Clockwork:
    """The sandbox's clock, in seconds since 1970; time stands still while any task is awake."""

    def __init__(self, starts_at: float) -> None:
        self._now = starts_at
        self._tasks: set[Sleeper] = set()

    @property
    def now(self) -> float:
        """The simulated time."""
        return self._now

    def join(self) -> Sleeper:
        """Register a task, awake."""
        task = Sleeper()
        self._tasks.add(task)
        return task

    def leave(self, task: Sleeper) -> None:
        """Forget a task; the others may now all be asleep."""
        self._tasks.discard(task)
        self._advance()

    async def sleep(self, task: Sleeper, seconds: float) -> float:
        """Return the time once it has grown by `seconds`; zero or less returns at once."""
        if seconds <= 0:
            return self._now
        task.due = self._now + seconds
        task.woken.clear()
        self._advance()
        await task.woken.wait()
        return self._now

    def _advance(self) -> None:
        """Jump to the earliest hour if all sleep, and wake everyone who is due."""
        hours = [task.due for task in self._tasks if task.due is not None]
        if not hours or len(hours) < len(self._tasks):
            return
        self._now = min(hours)
        for task in self._tasks:
            if task.due == self._now:
                task.due = None
                task.woken.set()
