"""Paying for answers one by one: journal first, cap always, several at once, patient with busy servers.

A question is answered from the journal where its reply is held. Else its worst price is reserved, it is sent
once, and the reply is journalled before anybody reads it. A refusal releases the reservation; silence leaves
it standing, in doubt.
"""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Mapping

from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.clocks import Clock, Timer
from bizmeme.ports.labellers import Labeller, Question
from bizmeme.shell.journal import Journal
from bizmeme.shell.paying.crowd import Crowd
from bizmeme.shell.paying.desk import Asking, Desk
from bizmeme.shell.paying.finishing import finished
from bizmeme.shell.paying.ledger import Request, Sent
from bizmeme.shell.paying.limiter import DAY_S, Entry, Limiter
from bizmeme.shell.paying.patience import bearable_s
from bizmeme.shell.paying.till import Asked, Pictures, Tick, Till, given_up, rendered

_DOWN = 3  # posts in vain, and no reply between them: their service is down, whatever it answered before

_SILENT_S = 1.0  # who waits for longer is told for what


class LiveDesk(Desk):
    """Asks one by one.

    The first error, or Ctrl-C, stops the run once the requests in flight are answered and journalled: they
    are paid for.
    """

    def __init__(
        self, labeller: Labeller, key: str, journal: Journal, *, how: Asking, cap_usd: float
    ) -> None:
        super().__init__(labeller, key, journal, how=how, cap_usd=cap_usd)
        self._limiter = Limiter(labeller.limits, of=key)

    async def _before(self, distinct: Mapping[str, Question], clock: Clock) -> None:
        """Recall what the last day took."""
        await super()._before(distinct, clock)
        await self._recall(clock)

    def _fetches(self, key: str) -> bool:
        return False

    async def _answers(
        self, till: Till, questions: Mapping[str, Question], pictures: Pictures, clock: Clock, tick: Tick
    ) -> Mapping[str, Asked]:
        run = _Run(till, self._limiter, how=self._how, cap_usd=self._cap_usd)
        return await run.through(questions, pictures, clock, tick)

    async def _recall(self, clock: Clock) -> None:
        """Tell the limiter of the last day; what lies ahead was asked before a simulated clock began anew."""
        async with clock.session() as timer:
            now_s = await timer.now()
        used = self._journal.ledger.used(self._key, since_s=now_s - DAY_S, until_s=now_s)
        self._limiter.recall(used)


class _Run:
    """One call of `ask_all`: what waits, what came, who is at work."""

    def __init__(self, till: Till, limiter: Limiter, *, how: Asking, cap_usd: float) -> None:
        self._till, self._limiter = till, limiter
        self._labeller = till.labeller
        self._how, self._cap_usd = how, cap_usd
        self._crowd = Crowd(self._labeller.limits.concurrency)
        self._answers: dict[str, Asked] = {}
        self._replies, self._in_a_row = 0, 0  # that came in this run; posts in vain since the last of them
        self._working, self._flying = 0, 0
        self._stopping = False

    async def through(
        self, questions: Mapping[str, Question], pictures: Pictures, clock: Clock, tick: Tick
    ) -> Mapping[str, Asked]:
        """Every question's answer."""
        self._questions, self._pictures, self._clock, self._tick = questions, pictures, clock, tick
        self._hopeless = self._till.ledger.hopeless()
        # Those that were in vain before come last, when others have shown that the service is there.
        self._waiting = deque(sorted(questions, key=self._hopeless.__contains__))
        try:
            async with asyncio.TaskGroup() as self._group:
                self._hire()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return self._answers

    # --- workers

    def _hire(self) -> None:
        """As many workers as the server bears."""
        while self._waiting and self._working < self._crowd.allowed:
            self._working += 1
            self._group.create_task(self._work(self._waiting.popleft()))

    async def _work(self, request: str) -> None:
        """Ask, and go on to the next; but go home where too many are at work."""
        try:
            async with self._clock.session() as timer:
                while True:
                    self._answers[request] = asked = await self._answer(request, timer)
                    self._tick(asked.cost_usd)
                    if not self._waiting or self._working > self._crowd.allowed:
                        break
                    request = self._waiting.popleft()
                    self._hire()
        except BaseException:
            self._stop()
            raise
        finally:
            self._working -= 1

    async def _answer(self, request: str, timer: Timer) -> Asked:
        question = self._questions[request]
        worst, body = self._labeller.worst(question, batch=False), await self._body(question)
        before, pause_s, left = self._replies, self._how.pause_s, self._how.tries
        while True:
            entry = await self._limiter.enter(timer, worst_tokens=worst.tokens)
            wanted = Request(request, self._till.key, self._labeller.model, worst, entry.start_s)
            try:
                return await finished(self._sent_once(wanted, body, entry), self._stop)
            except QuotaError:
                raise
            except ServiceError as error:
                left -= 1
                if isinstance(error, RefusedError) and not error.again:
                    return given_up(request, error.reason)
                if not left:
                    return self._in_vain(request, error, before)
                await self._pause(error, pause_s, timer)
            pause_s *= 2

    async def _body(self, question: Question) -> Mapping[str, object]:
        """As sent; scaling a picture takes milliseconds, in which others' answers come."""
        if question.picture is None:
            return rendered(self._labeller, question, self._pictures)
        return await asyncio.to_thread(rendered, self._labeller, question, self._pictures)

    # --- one request

    async def _sent_once(self, wanted: Request, body: Mapping[str, object], entry: Entry) -> Asked:
        ask = await self._till.commits.do(lambda ledger: ledger.reserve(wanted, cap_usd=self._cap_usd))
        if ask is None or self._stopping:
            return await self._not_sent(wanted, ask, entry)
        sent = Sent(ask, wanted.request_hash, wanted.worst.usd)
        reply, took_s = await self._reply(sent, body, entry)
        asked = await self._till.kept(sent, reply, took_s=took_s)
        self._replies, self._in_a_row = self._replies + 1, 0
        self._crowd.answered()
        if (usage := asked.answer.usage) is not None:
            self._limiter.settle(entry, used_tokens=usage.input_tokens + usage.output_tokens)
        return asked

    async def _reply(self, sent: Sent, body: Mapping[str, object], entry: Entry) -> tuple[str, float]:
        """The reply and the seconds that it took; where it is refused, nothing stays reserved."""
        crowd, began_s = self._crowd.sent(), time.perf_counter()
        self._flying += 1
        try:
            return await self._labeller.ask(body), time.perf_counter() - began_s
        except RefusedError as error:
            await self._release(sent.ask, entry)
            if error.again:
                self._crowd.overrun(crowd)
            raise
        except ServiceError:
            self._crowd.overrun(crowd)
            raise
        finally:
            self._flying -= 1

    async def _release(self, ask: int, entry: Entry) -> None:
        self._limiter.refused(entry)
        await self._till.commits.do(lambda ledger: ledger.release(ask))

    async def _not_sent(self, wanted: Request, ask: int | None, entry: Entry) -> Asked:
        """The run was stopped meanwhile, or another process was answered."""
        if ask is not None:
            await self._release(ask, entry)
            raise asyncio.CancelledError
        self._limiter.refused(entry)
        held = self._till.held(wanted.request_hash)
        assert held is not None
        return held

    async def _pause(self, error: ServiceError, pause_s: float, timer: Timer) -> None:
        """Where the server says how long, nobody sends; else this request alone waits its turn."""
        after_s = await bearable_s(error, timer, of=self._till.key)
        if after_s:
            await self._limiter.pause(timer, seconds=after_s)
        await timer.sleep(after_s or pause_s)

    def _in_vain(self, request: str, error: ServiceError, before: int) -> Asked:
        """Give a post up whose tries are used up; but where nothing was answered meanwhile, stop the run.

        Nor go on after several in a row. The service may be down then, or the post be one that it cannot
        bear: remembered, so that it stops no second run; but not beneath a run that others have stopped.
        """
        if self._stopping:
            raise error
        told = error.reason if isinstance(error, RefusedError) else "the service stayed silent"
        reason = f"no answer in {self._how.tries} tries: {told}"
        self._till.commits.later(lambda ledger: ledger.give_up(request, reason))
        if request not in self._hopeless:
            self._in_a_row += 1
            if self._replies == before or self._in_a_row >= _DOWN:
                raise error
        return given_up(request, reason)

    def _stop(self) -> None:
        if not self._stopping:
            asyncio.get_running_loop().call_later(_SILENT_S, self._tell_what_is_waited_for)
        self._stopping = True

    def _tell_what_is_waited_for(self) -> None:
        if sent := self._flying:
            told = "1 request was sent" if sent == 1 else f"{sent} requests were sent"
            print(  # noqa: T201
                f"Stopping: {told} and may be charged; waiting for what comes. "
                "Ctrl-C (again) leaves it in doubt.",
                file=sys.stderr,
            )
