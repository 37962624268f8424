"""Making one batch of a labeller: its shard is filled, reserved, sent, and named as its vendor names it."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bizmeme.core.limits import BatchLimits
from bizmeme.errors import RefusedError, ServiceError
from bizmeme.ports.clocks import Timer
from bizmeme.ports.labellers import Batches, Question, Worst
from bizmeme.shell.paying.batch_book import Batch, BatchBook
from bizmeme.shell.paying.batch_vendor import PatientVendor
from bizmeme.shell.paying.desk import Asking
from bizmeme.shell.paying.finishing import finished
from bizmeme.shell.paying.ledger import Request
from bizmeme.shell.paying.patience import bearable_s
from bizmeme.shell.paying.till import Pictures, Till, rendered


@dataclass(slots=True)
class Shard:
    """What is to be one batch."""

    worst: dict[str, Worst] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    usd: float = 0.0
    size_bytes: int = 0

    def add(self, request: str, worst: Worst, line: bytes) -> None:
        """One request more."""
        self.worst[request] = worst
        self.lines.append(line)
        self.usd += worst.usd
        self.size_bytes += len(line)

    def has_room(self, line: bytes, limits: BatchLimits) -> bool:
        """Whether the vendor takes one line more; the first one it may refuse itself."""
        size_bytes = self.size_bytes + len(line)
        return not self.lines or (len(self.lines) < limits.max_requests and size_bytes <= limits.max_bytes)


class Maker:
    """Makes batches under a cap, one after the other; a shard that it cannot afford yet stays with it."""

    def __init__(self, till: Till, batches: Batches, *, how: Asking, cap_usd: float) -> None:
        self._till, self._labeller = till, till.labeller
        self._batches = batches
        self._how, self._cap_usd = how, cap_usd
        self._vendor = PatientVendor(batches, tries=how.tries, of=till.key)
        self._unborn = set[Batch]()  # reserved, and surely not sent
        self.shard = Shard()

    async def fill(
        self,
        wanted: deque[str],
        questions: Mapping[str, Question],
        pictures: Pictures,
        *,
        running: bool,
    ) -> bool:
        """Fill the shard to its vendor's limits, or with all that is wanted; False where the cap is nearer.

        Where nothing runs whose end would free a reservation, one question goes in even so: the ledger
        says then how near the cap is.
        """
        room_usd = self._cap_usd - self._till.ledger.spending().committed_usd
        while wanted:
            question = questions[wanted[0]]
            worst = self._labeller.worst(question, batch=True)
            short = self.shard.usd + worst.usd > room_usd
            if short and (self.shard.lines or running):
                return False
            line = await asyncio.to_thread(self._line, wanted[0], question, pictures)
            if not self.shard.has_room(line, self._batches.limits):
                return True
            self.shard.add(wanted.popleft(), worst, line)
            if short:
                return False
        return True

    def _line(self, request: str, question: Question, pictures: Pictures) -> bytes:
        return self._batches.line(request, rendered(self._labeller, question, pictures))

    async def send(self, timer: Timer) -> Batch:
        """Reserve the shard, have its vendor make it, note the vendor's name of it; begin another one.

        Raises BudgetError, and what `create` raised at last.
        """
        shard, self.shard = self.shard, Shard()
        batch = await finished(self._reserved(shard, await timer.now()))
        pause_s, left = self._how.pause_s, self._how.tries
        while True:
            try:
                return await finished(self._created(batch, shard.lines))
            except ServiceError as error:
                left -= 1
                if (name := await self._name_all_the_same(batch, error, timer)) is not None:
                    return await self.named(batch, name)
                self._unborn.add(batch)
                if not left or (isinstance(error, RefusedError) and not error.again):
                    raise
                await timer.sleep(await bearable_s(error, timer, of=self._till.key) or pause_s)
            pause_s *= 2

    async def _reserved(self, shard: Shard, now_s: float) -> Batch:
        requests = [
            Request(request, self._till.key, self._labeller.model, worst, now_s)
            for request, worst in shard.worst.items()
        ]
        batch = await self._till.commits.do(
            lambda ledger: BatchBook(ledger).make(requests, cap_usd=self._cap_usd)
        )
        self._unborn.add(batch)
        return batch

    async def _created(self, batch: Batch, lines: Sequence[bytes]) -> Batch:
        self._unborn.discard(batch)
        return await self.named(batch, await self._batches.create(batch.key, lines))

    async def _name_all_the_same(self, batch: Batch, error: ServiceError, timer: Timer) -> str | None:
        """After silence the vendor may have made it; a refused one it has not."""
        return None if isinstance(error, RefusedError) else await self._vendor.found(batch.key, timer)

    async def named(self, batch: Batch, name: str) -> Batch:
        """Note the vendor's name of it."""
        return await self._till.commits.do(lambda ledger: BatchBook(ledger).name(batch, name))

    async def drop(self, batch: Batch) -> None:
        """Release what was reserved for a batch that its vendor never heard of."""
        await self._till.commits.do(lambda ledger: BatchBook(ledger).drop(batch))

    async def call_off(self) -> None:
        """Drop every batch that was reserved and surely not sent."""
        for batch in self._unborn:
            await self.drop(batch)
