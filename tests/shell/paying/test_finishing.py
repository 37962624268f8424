"""What is paid for is brought to its end, however often its caller is told to stop."""

import asyncio

import pytest

from bizmeme.shell.paying.finishing import finished


@pytest.mark.parametrize("stops", [0, 1, 2, 3])
def test_it_ends_before_its_caller_does(stops: int) -> None:
    ended: list[str] = []

    async def paid(may_end: asyncio.Event) -> None:
        await may_end.wait()
        ended.append("paid")

    async def run() -> list[str]:
        may_end = asyncio.Event()
        caller = asyncio.create_task(finished(paid(may_end), lambda: ended.append("told")))
        for _ in range(stops):
            await asyncio.sleep(0)
            caller.cancel()
            await asyncio.sleep(0)
        assert not caller.done()
        may_end.set()
        await asyncio.wait([caller])
        assert caller.cancelled() == (stops > 0)
        return ended

    assert asyncio.run(run()) == ["told"] * (stops > 0) + ["paid"]
