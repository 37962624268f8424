"""Paying for answers in batches, at a vendor's lower price for hours of patience.

A whole shard is reserved before its batch is made, under a key of ours that travels with it. A batch is
looked at until it has ended, over crashes and restarts; one that was made as somebody pulled the plug is
found by its key. All its outcomes are journalled in one transaction; what was not answered is asked again.
"""

import asyncio
import sys
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence

from bizmeme.errors import BudgetError, ServiceError
from bizmeme.ports.clocks import Clock, Timer
from bizmeme.ports.labellers import Batches, Outcome, Question
from bizmeme.shell.paying.batch_book import Batch, BatchBook
from bizmeme.shell.paying.batch_making import Maker
from bizmeme.shell.paying.batch_refusals import Refusals
from bizmeme.shell.paying.batch_vendor import PatientVendor
from bizmeme.shell.paying.desk import Asking, Desk
from bizmeme.shell.paying.finishing import finished
from bizmeme.shell.paying.till import Asked, Pictures, Tick, Till, given_up


class BatchDesk(Desk):
    """Asks in batches, and finishes those of earlier runs.

    Ctrl-C and a dead network leave batches running, for the next run to go on with; the cap and an exhausted
    quota stop the run once all that runs is answered.
    """

    def _fetches(self, key: str) -> bool:
        return key == self._key

    async def _answers(
        self, till: Till, questions: Mapping[str, Question], pictures: Pictures, clock: Clock, tick: Tick
    ) -> Mapping[str, Asked]:
        batches = self._labeller.batches
        assert batches is not None, "the labeller's mode is not batch"
        run = _Run(till, batches, how=self._how, cap_usd=self._cap_usd)
        try:
            return await run.through(questions, pictures, clock, tick)
        except BaseException:
            if left := BatchBook(till.ledger).under_way(self._key):
                told = f"{len(left):,} posts are in batches of labeller.{self._key} that were not fetched yet"
                print(f"{told}: the next run fetches what they answered.", file=sys.stderr)  # noqa: T201
            raise


class _Run:
    """One call of `ask_all`: what waits, what runs, what came."""

    def __init__(self, till: Till, batches: Batches, *, how: Asking, cap_usd: float) -> None:
        self._till, self._labeller = till, till.labeller
        self._book = BatchBook(till.ledger)  # to look
        self._vendor = PatientVendor(batches, tries=how.tries, of=till.key)
        self._maker = Maker(till, batches, how=how, cap_usd=cap_usd)
        self._most_tries = how.tries
        self._refusals = Refusals(how.tries, batches.limits.poll_s, of=till.key)
        self._answers: dict[str, Asked] = {}
        self._tries = Counter[str]()
        self._replies = 0  # that came in this run
        self._running = 0
        self._one_less = asyncio.Event()

    async def through(
        self, questions: Mapping[str, Question], pictures: Pictures, clock: Clock, tick: Tick
    ) -> Mapping[str, Asked]:
        """Every question's answer."""
        self._questions, self._pictures, self._clock, self._tick = questions, pictures, clock, tick
        self._hopeless = self._till.ledger.hopeless()
        earlier = self._book.unfinished(self._till.key)
        under_way = self._book.under_way(self._till.key)
        self._wanted = deque(request for request in questions if request not in under_way)
        try:
            async with asyncio.TaskGroup() as self._group:
                for batch in earlier:
                    self._watch(batch)
                stopped = await self._make_all()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self._maker.call_off()
        if stopped is not None:
            raise stopped
        return self._answers

    def _done(self, asked: Asked) -> None:
        self._answers[asked.request_hash] = asked
        self._tick(asked.cost_usd)

    # --- making batches

    async def _make_all(self) -> Exception | None:
        """Make batches until nothing is wanted; what stops that, for when all that runs has ended."""
        try:
            while self._unmade or self._running:
                self._one_less.clear()
                if not (self._refusals.waits and self._running):
                    await self._make_what_fits()
                if self._running:
                    await self._one_less.wait()
        except (BudgetError, ServiceError) as error:
            return error
        return None

    @property
    def _unmade(self) -> bool:
        return bool(self._wanted or self._maker.shard.lines)

    async def _make_what_fits(self) -> None:
        """One session for all of it: simulated time stands still meanwhile."""
        if self._unmade:
            async with self._clock.session() as timer:
                await self._refusals.wait(timer)
                while self._unmade and not self._refusals.waits and await self._made_one(timer):
                    pass

    async def _made_one(self, timer: Timer) -> bool:
        """Fill a shard and send it; False where a batch that runs must end first, to free its reservation."""
        running = self._running > 0
        full = await self._maker.fill(self._wanted, self._questions, self._pictures, running=running)
        if not full and self._running:
            return False
        self._watch(await self._maker.send(timer))
        return True

    # --- watching them

    def _watch(self, batch: Batch) -> None:
        self._running += 1
        self._group.create_task(self._watched(batch))

    async def _watched(self, batch: Batch) -> None:
        requests = self._book.requests(batch)
        async with self._clock.session() as timer:
            name = batch.name or await self._vendor.found(batch.key, timer)
            if name is None:  # a kill came before its vendor heard of it
                await self._maker.drop(batch)
                self._wanted.extend(request for request in requests if request in self._questions)
            else:
                named = batch if batch.name else await self._maker.named(batch, name)
                await self._finish(named, name, requests, timer)
        self._running -= 1
        self._one_less.set()

    async def _finish(self, batch: Batch, name: str, requests: Iterable[str], timer: Timer) -> None:
        """See a batch to its end, and journal all of it before anything is read."""
        status = await self._vendor.ended(name, timer)
        outcomes = None if status.state == "unknown" else await self._vendor.fetched(name, timer)
        if outcomes is None:
            await self._till.commits.do(lambda ledger: BatchBook(ledger).lose(batch))
        else:
            # Of answers that its vendor charges for and nobody can read, no line is surely free.
            read = {each.request_hash for each in outcomes if each.reply is not None}
            unread = status.answered > len(read.intersection(requests))
            await finished(self._kept(batch, outcomes, whole=unread or status.problem is None))
        wanted = [each for each in requests if each in self._questions and each not in self._answers]
        if status.problem is not None and outcomes == [] and not status.answered:
            self._refusals.one_more(status.problem)
            self._wanted.extend(wanted)  # nothing is said of its posts
            return
        self._refusals.forget()
        told = {each.request_hash: each for each in outcomes or () if each.reply is None}
        silent = Outcome("", None, status.problem or f"its batch is {status.state}", again=True)
        for request in wanted:
            self._unanswered(request, told.get(request, silent))

    async def _kept(self, batch: Batch, outcomes: Sequence[Outcome], *, whole: bool) -> None:
        written = await self._till.commits.do(
            lambda ledger: BatchBook(ledger).end(batch, outcomes, whole=whole)
        )
        for sent, reply in written if batch.model == self._labeller.model else ():
            asked = self._till.read(sent, reply)
            if sent.request_hash in self._questions:
                self._replies += 1
                self._done(asked)

    def _unanswered(self, request: str, outcome: Outcome) -> None:
        """Ask again in a further batch, or give the post up; but where nothing came at all, stop the run."""
        reason = outcome.reason or "no reason given"
        if not outcome.again:
            return self._done(given_up(request, reason))
        self._tries[request] += 1
        if self._tries[request] < self._most_tries:
            return self._wanted.append(request)
        reason = f"no answer in {self._most_tries} batches: {reason}"
        self._till.commits.later(lambda ledger: ledger.give_up(request, reason))
        if not self._replies and request not in self._hopeless:
            raise ServiceError(f"labeller.{self._till.key}: {reason}. Run the same command again later.")
        return self._done(given_up(request, reason))
