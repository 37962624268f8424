"""Simulated time jumps when, and only when, every registered task is asleep."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import serve
from tests.sandbox.web import get

Socket = aiohttp.ClientWebSocketResponse
Connect = Callable[[], Awaitable[Socket]]


def on_the_clock(
    config: SandboxConfig, play: Callable[[Connect, Callable[[], Awaitable[float]]], Awaitable[None]]
) -> None:
    """Run `play` with a way to connect a task, and a way to read the time from outside."""

    async def run() -> None:
        async with serve(config) as at, aiohttp.ClientSession() as session:

            async def now() -> float:
                return float((await get(session, at["clock"] + "/now")).json["now"])

            await play(lambda: session.ws_connect(at["clock"] + "/task"), now)

    asyncio.run(run())


async def sleep(task: Socket, seconds: float) -> float:
    await task.send_json({"sleep": seconds})
    return float((await task.receive_json())["now"])


def test_time_begins_at_the_end_of_the_last_day(small: SandboxConfig) -> None:
    async def play(connect: Connect, now: Callable[[], Awaitable[float]]) -> None:
        task = await connect()
        await task.send_json({"now": True})
        assert await task.receive_json() == {"now": 1_762_128_000.0} == {"now": await now()}

    on_the_clock(small, play)


def test_a_lone_sleeper_wakes_at_once_a_day_later(small: SandboxConfig) -> None:
    async def play(connect: Connect, now: Callable[[], Awaitable[float]]) -> None:
        begun, task = await now(), await connect()
        assert await sleep(task, 86_400) == begun + 86_400 == await now()
        assert await sleep(task, 0) == await now()

    on_the_clock(small, play)


def test_time_stands_still_while_another_task_is_awake(small: SandboxConfig) -> None:
    async def play(connect: Connect, now: Callable[[], Awaitable[float]]) -> None:
        begun, sleeper, busy = await now(), await connect(), await connect()
        asleep = asyncio.create_task(sleep(sleeper, 10))
        await busy.send_json({"now": True})
        assert (await busy.receive_json())["now"] == begun
        assert not asleep.done()
        assert await sleep(busy, 4) == begun + 4  # both sleep now: the earlier hour comes first
        assert not asleep.done()
        busy_again = asyncio.create_task(sleep(busy, 20))
        assert await asleep == begun + 10
        await sleeper.close()
        assert await busy_again == begun + 24

    on_the_clock(small, play)


def test_equal_hours_wake_together(small: SandboxConfig) -> None:
    async def play(connect: Connect, now: Callable[[], Awaitable[float]]) -> None:
        begun, tasks = await now(), [await connect() for _ in range(5)]
        assert await asyncio.gather(*(sleep(task, 3) for task in tasks)) == [begun + 3] * 5

    on_the_clock(small, play)


@pytest.mark.parametrize("asleep", [True, False])
def test_a_task_that_hangs_up_no_longer_holds_the_clock(small: SandboxConfig, asleep: bool) -> None:
    async def play(connect: Connect, now: Callable[[], Awaitable[float]]) -> None:
        begun, staying, leaving = await now(), await connect(), await connect()
        if asleep:
            await leaving.send_json({"sleep": 5})
        waiting = asyncio.create_task(sleep(staying, 9)) if not asleep else None
        await leaving.close()
        assert await (waiting or sleep(staying, 9)) == begun + 9

    on_the_clock(small, play)


@pytest.mark.parametrize("message", ['{"sleep": "long"}', '{"sleep": 1e99}', "{}", "no json"])
def test_nonsense_is_answered_and_changes_nothing(small: SandboxConfig, message: str) -> None:
    async def play(connect: Connect, now: Callable[[], Awaitable[float]]) -> None:
        begun, task = await now(), await connect()
        await task.send_str(message)
        assert "error" in await task.receive_json()
        assert await sleep(task, 1) == begun + 1

    on_the_clock(small, play)


def test_a_day_of_two_tasks_is_always_the_same_day() -> None:
    async def day() -> list[tuple[str, float]]:
        clockwork, diary = Clockwork(0.0), []

        async def work(name: str, pause: float) -> None:
            task = clockwork.join()
            await asyncio.sleep(0)  # both join before either sleeps
            while clockwork.now < 100:
                diary.append((name, await clockwork.sleep(task, pause)))
            clockwork.leave(task)

        await asyncio.gather(work("a", 7.0), work("b", 11.0))
        return diary

    first = asyncio.run(day())
    assert first == asyncio.run(day())
    assert [now for _, now in first] == sorted(now for _, now in first)
