"""A vendor's batch API, asked patiently: what only looks is asked again, since nothing is paid for it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bizmeme.errors import RefusedError, ServiceError
from bizmeme.ports.clocks import Timer
from bizmeme.ports.labellers import Batches, BatchStatus, Outcome
from bizmeme.shell.paying.patience import bearable_s

T = TypeVar("T")


class PatientVendor:
    """Looks until there is an answer; after `tries` failures in a row it raises the last one."""

    def __init__(self, batches: Batches, *, tries: int, of: str) -> None:
        self._batches = batches
        self._of = of  # its section's key
        self._tries = tries
        self._poll_s = batches.limits.poll_s

    async def found(self, key: str, timer: Timer) -> str | None:
        """The name of the batch with our key; None where it is not there, a poll later neither.

        A request that was on its way as its sender died may arrive after a first look.
        """
        for again in (True, False):
            name = await self._patiently(lambda: self._batches.find(key), timer)
            if name is not None or not again:
                return name
            await timer.sleep(self._poll_s)
        raise AssertionError("looked twice")

    async def ended(self, name: str, timer: Timer) -> BatchStatus:
        """Its status once it has ended, or its vendor did not know it at two looks in a row."""
        unknown = 0
        while True:
            status = await self._patiently(lambda: self._batches.look(name), timer)
            unknown = unknown + 1 if status.state == "unknown" else 0
            if status.state == "ended" or unknown > 1:
                return status
            await timer.sleep(self._poll_s)

    async def fetched(self, name: str, timer: Timer) -> list[Outcome] | None:
        """The outcomes of an ended batch; None where its vendor had none at two looks in a row."""
        for again in (True, False):
            outcomes = await self._patiently(lambda: self._batches.fetch(name), timer)
            if outcomes is not None or not again:
                return outcomes
            await timer.sleep(self._poll_s)
        raise AssertionError("looked twice")

    async def _patiently(self, look: Callable[[], Awaitable[T]], timer: Timer) -> T:
        left = self._tries
        while True:
            try:
                return await look()
            except ServiceError as error:
                left -= 1
                refused = error if isinstance(error, RefusedError) else None
                if not left or (refused and not refused.again):
                    raise
                await timer.sleep(max(self._poll_s, await bearable_s(error, timer, of=self._of) or 0))
