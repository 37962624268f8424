"""Both clocks."""

import asyncio
import time
from collections.abc import Mapping

import pytest

from bizmeme.clocks import simulated, wall
from bizmeme.errors import ServiceError
from bizmeme.ports.clocks import Clock


def test_the_wall_clock_tells_the_time() -> None:
    async def now() -> float:
        async with wall.build(wall.Config(name="wall")).session() as timer:
            await timer.sleep(0)
            return await timer.now()

    assert abs(asyncio.run(now()) - time.time()) < 60


def test_simulated_time_jumps_when_everybody_sleeps_and_in_order(world: Mapping[str, str]) -> None:
    clock: Clock = simulated.build(simulated.Config(name="simulated", base_url=world["clock"]))
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float, registered: asyncio.Barrier) -> None:
        async with clock.session() as timer:
            start = await timer.now()
            await registered.wait()  # nobody sleeps before everybody counts
            await timer.sleep(seconds)
            woken.append((name, await timer.now() - start))

    async def both() -> None:
        registered = asyncio.Barrier(2)
        await asyncio.gather(sleeper("late", 7200, registered), sleeper("soon", 60, registered))

    asyncio.run(asyncio.wait_for(both(), 60))
    assert woken == [("soon", 60.0), ("late", 7200.0)]


def test_a_clock_that_is_gone_is_a_clear_error() -> None:
    async def ask() -> None:
        async with simulated.build(
            simulated.Config(name="simulated", base_url="http://127.0.0.1:1")
        ).session():
            pass

    with pytest.raises(ServiceError, match="clock"):
        asyncio.run(ask())
