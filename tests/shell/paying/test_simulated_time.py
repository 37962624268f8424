"""Asking on a clock that stands still while anybody is awake: it ends, and time passes for waits alone."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bizmeme.errors import RefusedError, ServiceError
from bizmeme.sandbox.clockwork import Clockwork, Sleeper
from bizmeme.shell.journals import open_journal
from bizmeme.shell.paying.asking import LiveDesk
from bizmeme.shell.paying.batching import BatchDesk
from tests.shell.paying.scripted import HOW, LIMITS, Scripted, Step, no_picture, questions
from tests.shell.paying.test_batching import Batching

BEGIN_S = 1_000_000.0


class _Timer:
    def __init__(self, clockwork: Clockwork, task: Sleeper) -> None:
        self._clockwork, self._task = clockwork, task

    async def now(self) -> float:
        await asyncio.sleep(0)
        return self._clockwork.now

    async def sleep(self, seconds: float) -> None:
        await self._clockwork.sleep(self._task, seconds)


class ClockworkClock:
    """ports.Clock on the sandbox's clockwork, without its server."""

    def __init__(self) -> None:
        self.clockwork = Clockwork(BEGIN_S)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[_Timer]:
        task = self.clockwork.join()
        try:
            yield _Timer(self.clockwork, task)
        finally:
            self.clockwork.leave(task)


class Timed(Scripted):
    """Answers after a moment of real time, in which simulated time must stand still."""

    limits = LIMITS.model_copy(update={"concurrency": 8, "tokens_per_minute": 60 * 200})

    def __init__(self, clock: ClockworkClock, script: Mapping[str, list[Step]]) -> None:
        super().__init__(script)
        self.clock = clock

    async def ask(self, body: Mapping[str, object]) -> str:
        begun_s = self.clock.clockwork.now
        await asyncio.sleep(0.002)
        assert self.clock.clockwork.now == begun_s
        return await super().ask(body)


def test_a_live_run_takes_the_time_that_its_limits_ask_for(tmp_path: Path) -> None:
    clock = ClockworkClock()
    labeller = Timed(
        clock,
        {
            "p3": [RefusedError("429", again=True, after_s=100), "bullish"],
            "p5": [ServiceError("silence"), RefusedError("503", again=True), "bullish"],
        },
    )
    names = [f"p{number}" for number in range(40)]
    with open_journal(tmp_path, "real") as journal:
        desk = LiveDesk(labeller, "scripted", journal, how=HOW, cap_usd=100)
        answers = asyncio.run(desk.ask_all(questions(*names), no_picture, clock, what="test"))
    assert {asked.answer.label for asked in answers.values()} == {"bullish"}
    assert len(labeller.sent) == 43
    # p3 is the fourth, 2.5 s on: the first two are the burst. Then the pause, and 39 more in the same way.
    assert clock.clockwork.now - BEGIN_S == 2.5 + 100 + 37.5


def test_batches_run_side_by_side_however_many(tmp_path: Path) -> None:
    clock, labeller = ClockworkClock(), Batching(None, max_requests=1)
    with open_journal(tmp_path, "real") as journal:
        desk = BatchDesk(labeller, "scripted", journal, how=HOW, cap_usd=100)
        answers = asyncio.run(desk.ask_all(questions(*"abcdef"), no_picture, clock, what="test"))
    assert len(answers) == len(labeller.batches.made) == 6
    # One poll of 60 s lies between its two looks; the last one made may begin as the others look again.
    assert clock.clockwork.now - BEGIN_S <= 120
