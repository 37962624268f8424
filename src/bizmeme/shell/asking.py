"""Paying for answers: journal first, cap always, several at once, patient with busy servers.

A request is answered from the journal where its reply is held. Else its worst price is reserved, it is sent
once, and the reply is journalled before anybody reads it. A refusal releases the reservation; silence leaves
it standing, in doubt.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.clocks import Clock, Timer
from bizmeme.ports.labellers import Answer, Labeller
from bizmeme.shell.journal import Journal, Reply
from bizmeme.shell.limiter import Limiter
from bizmeme.shell.progress import counting

K = TypeVar("K")
T = TypeVar("T")


class Asking(Section):
    """How a vision API is asked."""

    concurrency: PositiveInt
    """Requests in flight at once."""

    requests_per_minute: Annotated[float, Field(gt=0)]
    """Spaced evenly; your account's limit, or below."""

    tries: PositiveInt
    """Sends of one request, where the server is busy or silent."""

    pause_s: Annotated[float, Field(gt=0)]
    """The first pause where the server names none; it doubles."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's reply (None where the server gave the post up), what it says, what it cost."""

    request_hash: str
    reply: str | None
    answer: Answer
    cost_usd: float


def request_hash(model: str, request: Mapping[str, object]) -> str:
    """SHA-256 of the model asked and the request's body."""
    return hashlib.sha256(json.dumps([model, request], sort_keys=True).encode()).hexdigest()


class Desk:
    """Asks one labeller, pays from one budget, writes into one journal."""

    def __init__(self, labeller: Labeller, journal: Journal, *, how: Asking, cap_usd: float) -> None:
        self._labeller = labeller
        self._journal = journal
        self._how = how
        self._cap_usd = cap_usd
        self._limiter = Limiter(interval_s=60 / how.requests_per_minute)

    async def ask_all(
        self, requests: Mapping[K, Mapping[str, object]], clock: Clock, *, what: str
    ) -> dict[K, Asked]:
        """Ask everything behind a bar titled `what`.

        The first error, or Ctrl-C, stops the run once the requests in flight are answered and journalled:
        they are paid for. Raises BudgetError, QuotaError, RefusedError, ServiceError.
        """
        model = self._labeller.model
        hashes = {key: request_hash(model, request) for key, request in requests.items()}
        # Copies of a post are one request: asked, and paid, once.
        distinct = {hashes[key]: request for key, request in requests.items()}
        waiting = iter(distinct.items())
        answered: dict[str, Asked] = {}

        async def work(tick: Callable[[str], None]) -> None:
            async with clock.session() as timer:
                while (item := next(waiting, None)) is not None:
                    answered[item[0]] = await self._answer(*item, timer)
                    tick(f"${self._journal.spending().settled_usd:.4f}")

        try:
            with counting(what, len(distinct)) as tick:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(min(self._how.concurrency, len(distinct))):
                        workers.create_task(work(tick))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return {key: answered[hashed] for key, hashed in hashes.items()}

    async def _answer(self, hashed: str, request: Mapping[str, object], timer: Timer) -> Asked:
        try:
            reply = self._priced(hashed) or await self._paid(hashed, request, timer)
        except RefusedError as error:
            if error.again or isinstance(error, QuotaError):
                raise
            given_up = Answer(None, None, None, reason=error.reason[:200], cost_usd=None)
            return Asked(hashed, None, given_up, cost_usd=0.0)
        return Asked(hashed, reply.body, self._labeller.read(reply.body), cost_usd=reply.cost_usd)

    def _priced(self, hashed: str) -> Reply | None:
        """The reply held, at the price that its usage block says."""
        reply, ask = self._journal.reply(hashed), self._journal.unpriced(hashed)
        if reply is None or ask is None:
            return reply
        cost_usd = self._labeller.read(reply.body).cost_usd
        if cost_usd is not None:
            self._journal.settle(ask, cost_usd=cost_usd, reply=reply.body)
        return self._journal.reply(hashed)

    async def _paid(self, hashed: str, request: Mapping[str, object], timer: Timer) -> Reply:
        pause_s = self._how.pause_s
        for left in reversed(range(self._how.tries)):
            await self._limiter.wait(timer)
            try:
                return await _finished(self._sent_once(hashed, request))
            except ServiceError as error:
                refused = error if isinstance(error, RefusedError) else None
                if not left or (refused and not refused.again):
                    raise
                pause_s = (refused.after_s if refused else None) or pause_s
            await self._limiter.pause(timer, seconds=pause_s)
            pause_s *= 2
        raise AssertionError("tries is at least 1")

    async def _sent_once(self, hashed: str, request: Mapping[str, object]) -> Reply:
        worst_usd = self._labeller.worst_cost_usd(request)
        model = self._labeller.model
        ask = self._journal.reserve(hashed, model=model, worst_usd=worst_usd, cap_usd=self._cap_usd)
        if ask is None:  # another process was answered meanwhile
            return self._held(hashed)
        try:
            body = await self._labeller.ask(request)
        except RefusedError:
            self._journal.release(ask)
            raise
        # Journalled at the worst price before anybody reads it.
        self._journal.settle(ask, cost_usd=worst_usd, reply=body)
        return self._held(hashed)

    def _held(self, hashed: str) -> Reply:
        reply = self._priced(hashed)
        assert reply is not None
        return reply


async def _finished(sending: Coroutine[Any, Any, T]) -> T:
    """Await it to its end even where the worker is cancelled meanwhile: the reply will be paid for."""
    sent = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(sent)
    except asyncio.CancelledError:
        await asyncio.wait([sent])
        if not sent.cancelled():
            sent.exception()  # looked at, else asyncio prints it with whatever the service repeated
        raise
