"""Rate limits, on a clock that only moves when somebody sleeps."""

import asyncio

from bizmeme.shell.limiter import Limiter
from tests.shell.jumping import JumpingTimer


def test_requests_are_spaced_and_the_first_goes_at_once() -> None:
    async def starts() -> list[float]:
        timer, limiter, seen = JumpingTimer(), Limiter(interval_s=1.5), []
        for _ in range(4):
            await limiter.wait(timer)
            seen.append(timer.now_s)
        return seen

    assert asyncio.run(starts()) == [1_000_000.0, 1_000_001.5, 1_000_003.0, 1_000_004.5]


def test_a_pause_holds_for_the_next_request_and_never_shortens() -> None:
    async def start() -> float:
        timer, limiter = JumpingTimer(), Limiter(interval_s=1)
        await limiter.pause(timer, seconds=30)
        await limiter.pause(timer, seconds=5)
        await limiter.wait(timer)
        return timer.now_s

    assert asyncio.run(start()) == 1_000_030.0
