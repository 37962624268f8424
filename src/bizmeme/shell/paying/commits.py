"""Group commit: what many tasks write into a ledger becomes durable together, one fsync for all that waits.

    async with committing(journal) as commits:
        ask = await commits.do(lambda ledger: ledger.reserve(request, cap_usd=5))  # durable from here on

The statements run in the event loop, where a thread would wait for the interpreter's lock at each of them;
only taking SQLite's write lock and the COMMIT, which wait for others and for the disk, have a thread.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bizmeme.shell.journal import Journal
from bizmeme.shell.paying.ledger import Ledger

T = TypeVar("T")
Operation = Callable[[Ledger], T]

HELD_BACK_S = 0.05  # the longest that what nobody waits for is held back, wall
_BUSY_TIMEOUT_S = 60


@dataclass(slots=True)
class _Waiting:
    """An operation, and whom to tell."""

    operation: Operation[Any]
    told: "asyncio.Future[Any]"
    outcome: Any = field(default=None)
    failure: Exception | None = field(default=None)

    def run(self, ledger: Ledger) -> None:
        """A failing operation fails alone: what it wrote is taken back, the rest of the group stands."""
        try:
            with ledger.atomic():
                self.outcome = self.operation(ledger)
        except Exception as failure:
            self.failure = failure

    def tell(self) -> None:
        """The outcome, to whoever still waits for it."""
        if self.told.done():
            return
        if self.failure is not None:
            self.told.set_exception(self.failure)
        else:
            self.told.set_result(self.outcome)


class Commits:
    """Operations of one event loop's tasks on a ledger, in the order in which they came."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commits")
        self._waiting: list[_Waiting] = []
        self._flushing: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    async def do(self, operation: Operation[T]) -> T:
        """Run it, and return once it is durable; raises what it raises."""
        waiting = self._queued(operation)
        self._start()
        result: T = await waiting.told
        return result

    def later(self, operation: Operation[object]) -> None:
        """Run it within a moment, in its turn; what fails is raised by `drained`."""
        self._queued(operation).told.add_done_callback(self._looked_at)
        asyncio.get_running_loop().call_later(HELD_BACK_S, self._start)

    async def drained(self) -> None:
        """Return once nothing waits; raises what failed meanwhile with nobody waiting for it."""
        self._start()
        while self._flushing is not None and not self._flushing.done():
            await asyncio.shield(self._flushing)
        if self._failure is not None:
            raise self._failure

    def _queued(self, operation: Operation[Any]) -> _Waiting:
        waiting = _Waiting(operation, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        return waiting

    def _looked_at(self, told: "asyncio.Future[Any]") -> None:
        if not told.cancelled() and told.exception() is not None:
            self._failure = self._failure or told.exception()

    def _start(self) -> None:
        """At once where nothing is being written; else the flush that is under way takes what waits."""
        if self._waiting and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        while self._waiting:
            group = await self._written()
            for each in group:
                each.tell()

    async def _written(self) -> list[_Waiting]:
        """All that waits once the lock is ours, in one transaction that stands or falls as a whole.

        SQLite itself takes all of it back where a disk is full in the midst of a statement.
        """
        loop, group = asyncio.get_running_loop(), list[_Waiting]()
        try:
            await loop.run_in_executor(self._thread, self._begin)
            group, self._waiting = self._waiting, []
            for each in group:
                each.run(self._ledger)
                if not self._ledger.database.in_transaction:
                    raise each.failure or sqlite3.OperationalError("the transaction came to nothing")
            await loop.run_in_executor(self._thread, self._commit)
        except Exception as failure:  # the disk is full, or somebody holds the lock for ever
            self._undo()
            if not group:
                group, self._waiting = self._waiting, []
            for each in group:
                each.failure = failure
        return group

    def _begin(self) -> None:
        self._ledger.database.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self._ledger.database.commit()

    def _undo(self) -> None:
        self._ledger.forget()
        with suppress(sqlite3.Error):
            self._ledger.database.rollback()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()


@asynccontextmanager
async def committing(journal: Journal) -> AsyncIterator[Commits]:
    """Group commit into a journal; everything is written down when it closes.

    It has a connection of its own: whoever reads over the journal's sees only what is durable.
    """
    (file,) = (row[2] for row in journal.database.execute("PRAGMA database_list") if row[1] == "main")
    database = sqlite3.connect(file, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
    commits = Commits(Ledger(database))
    try:
        database.execute("PRAGMA synchronous=FULL")
        try:
            yield commits
        finally:
            await commits.drained()
    finally:
        commits.close()
        database.close()
