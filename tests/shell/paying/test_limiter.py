"""Rate limits, on a clock that only moves when somebody sleeps."""

import asyncio
import random
from dataclasses import dataclass

import pytest

from bizmeme.core.limits import Limits
from bizmeme.errors import QuotaError
from bizmeme.shell.paying.limiter import DAY_S, Limiter
from tests.shell.jumping import JumpingTimer
from tests.shell.paying.jumping_loop import LoopTimer, jumped

BEGIN_S = 1_000_000.0


def limits(**changed: int | None) -> Limits:
    none = {
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "requests_per_day": None,
        "tokens_per_day": None,
    }
    return Limits.model_validate(none | {"concurrency": 64} | changed)


def starts(limiter: Limiter, *tokens: int) -> list[float]:
    async def all_in_turn() -> list[float]:
        timer = JumpingTimer()
        return [(await limiter.enter(timer, worst_tokens=each)).start_s - BEGIN_S for each in tokens]

    return asyncio.run(all_in_turn())


def test_requests_are_spaced_and_the_first_goes_at_once() -> None:
    assert starts(Limiter(limits(requests_per_minute=40), of="x"), 1, 1, 1) == [0, 1, 2.5]


def test_tokens_are_spaced_by_what_each_request_takes() -> None:
    assert starts(Limiter(limits(tokens_per_minute=600), of="x"), 20, 50, 10, 10) == [0, 1.5, 6.5, 7.5]


def test_without_limits_everything_goes_at_once() -> None:
    assert starts(Limiter(limits(), of="x"), *[10**6] * 50) == [0] * 50


def test_a_pause_holds_for_everyone_and_never_shortens() -> None:
    limiter = Limiter(limits(requests_per_minute=60), of="x")

    async def waiting() -> list[float]:
        async def one() -> float:
            return (await limiter.enter(LoopTimer(), worst_tokens=1)).start_s - BEGIN_S

        async def pause() -> None:
            await asyncio.sleep(1.7)
            await limiter.pause(LoopTimer(), seconds=30)
            await limiter.pause(LoopTimer(), seconds=5)

        begun = [asyncio.create_task(one()) for _ in range(5)]
        await pause()
        return sorted([await each for each in begun])

    assert jumped(waiting()) == pytest.approx([0, 0.5, 1.5, 31.7, 32.2])


@pytest.mark.parametrize("set_back_s", [0, 3600, 86_400 * 400])
def test_a_clock_that_is_set_back_lets_nobody_hurry_or_wait_for_long(set_back_s: int) -> None:
    """What went by between the last look at it, 1.7 s before, and its setting back is not known."""
    limiter = Limiter(limits(requests_per_minute=60, requests_per_day=9), of="x")
    behind_s = 0.0

    class SetBack(LoopTimer):
        async def now(self) -> float:
            return await super().now() - behind_s

    async def waiting() -> list[float]:
        nonlocal behind_s
        loop = asyncio.get_running_loop()
        began_s = loop.time()

        async def one() -> float:
            await limiter.enter(SetBack(), worst_tokens=1)
            return loop.time() - began_s

        early = [asyncio.create_task(one()) for _ in range(4)]
        await asyncio.sleep(1.7)
        behind_s = set_back_s
        late = [asyncio.create_task(one()) for _ in range(4)]
        return [await each for each in (*early, *late)]

    unknown_s = 1.7 if set_back_s else 0
    assert jumped(waiting()) == pytest.approx(
        [0, 0.5, 1.5, 2.5, *(at_s + unknown_s for at_s in (3.5, 4.5, 5.5, 6.5))]
    )


def test_what_an_answer_did_not_take_is_given_back_and_the_next_are_charged_less() -> None:
    limiter = Limiter(limits(tokens_per_minute=6000), of="x")

    async def begun() -> list[float]:
        timer, seen = JumpingTimer(), []
        for _ in range(4):
            entry = await limiter.enter(timer, worst_tokens=1000)
            limiter.settle(entry, used_tokens=100)
            seen.append(entry.start_s - BEGIN_S)
        return seen

    # 100 tokens are a second's: each next one waits for what the last one really took, less the burst.
    assert asyncio.run(begun()) == pytest.approx([0, 0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    ("quota", "value", "tokens"), [("requests_per_day", 3, 1), ("tokens_per_day", 30, 10)]
)
def test_a_days_quota_stops_the_run_and_says_when_it_goes_on(quota: str, value: int, tokens: int) -> None:
    limiter = Limiter(limits(**{quota: value}), of="openai")
    # 1970-01-12 13:46:40 is the clock's first second; the oldest of these was 23 hours before.
    limiter.recall([(BEGIN_S - 23 * 3600, tokens), (BEGIN_S - 60, tokens)])
    assert starts(limiter, tokens) == [0]
    with pytest.raises(QuotaError, match=f"openai.limits.{quota} is used up.*1970-01-12 14:46 UTC"):
        starts(limiter, tokens)


def test_a_day_later_there_is_room_again() -> None:
    limiter = Limiter(limits(requests_per_day=1), of="x")
    limiter.recall([(BEGIN_S - DAY_S, 5)])
    assert starts(limiter, 5) == [0]


def test_a_request_that_was_called_off_takes_nothing() -> None:
    limiter = Limiter(limits(requests_per_minute=60, requests_per_day=2), of="x")

    async def called_off() -> float:
        await limiter.enter(LoopTimer(), worst_tokens=1)
        await limiter.enter(LoopTimer(), worst_tokens=1)
        with pytest.raises(QuotaError):
            await limiter.enter(LoopTimer(), worst_tokens=1)
        return asyncio.get_running_loop().time() - BEGIN_S

    async def cancelled() -> float:
        first = await limiter.enter(LoopTimer(), worst_tokens=1)
        waiting = asyncio.create_task(limiter.enter(LoopTimer(), worst_tokens=1))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return (await limiter.enter(LoopTimer(), worst_tokens=1)).start_s - first.start_s

    assert jumped(cancelled()) == pytest.approx(0.5)
    limiter = Limiter(limits(requests_per_minute=60, requests_per_day=2), of="x")
    assert jumped(called_off()) == pytest.approx(0.5)


@dataclass
class Bucket:
    """A server's token bucket: a second's worth at most, refilled evenly."""

    per_s: float
    held: float
    at_s: float = BEGIN_S

    def takes(self, amount: float, now_s: float) -> bool:
        self.held = min(self.per_s, self.held + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        if self.held < amount:
            return False
        self.held -= amount
        return True


@pytest.mark.parametrize("worst_tokens", [128, 640])
@pytest.mark.parametrize(("tokens_per_s", "binds"), [(2000, "tokens"), (10_000, "requests")])
def test_300_requests_at_64_at_once_use_the_quota_and_are_never_refused(
    worst_tokens: int, tokens_per_s: int, binds: str
) -> None:
    """20 requests a second, a second's burst, answers after 0.2 s that take about 128 tokens each."""
    chance = random.Random(5)
    requests, tokens = Bucket(20, 20), Bucket(tokens_per_s, tokens_per_s)
    limiter = Limiter(limits(requests_per_minute=1200, tokens_per_minute=60 * tokens_per_s), of="x")
    refused, taken = 0, list[int]()

    async def one() -> None:
        nonlocal refused
        entry = await limiter.enter(LoopTimer(), worst_tokens=worst_tokens)
        await asyncio.sleep(chance.uniform(0, 0.05))  # on its way
        used, now_s = chance.randint(118, 128), asyncio.get_running_loop().time()
        if not (requests.takes(1, now_s) and tokens.takes(used, now_s)):
            refused += 1
        await asyncio.sleep(0.2)
        taken.append(used)
        limiter.settle(entry, used_tokens=used)

    async def main() -> float:
        slots = asyncio.Semaphore(64)

        async def in_its_turn() -> None:
            async with slots:
                await one()

        await asyncio.gather(*(in_its_turn() for _ in range(300)))
        return asyncio.get_running_loop().time() - BEGIN_S

    wall_s = jumped(main())
    quota = {"requests": 20 * wall_s, "tokens": tokens_per_s * wall_s}[binds]
    used_up = {"requests": len(taken), "tokens": sum(taken)}[binds]
    assert (len(taken), refused) == (300, 0)
    assert used_up >= 0.95 * quota
