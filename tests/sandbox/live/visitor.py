"""A visitor of a moving board that is served in this process, on its clock."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from bizmeme.sandbox.clockwork import Sleeper
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.process import serve_stage
from bizmeme.sandbox.live.stage import LiveStage, live_stage
from bizmeme.sandbox.state import Addresses
from tests.sandbox.web import Reply

CONTACT = "test/1 (+https://example.org/)"


@dataclass
class Visitor:
    """Asks politely: one second passes before each request, more where `pause` says so."""

    stage: LiveStage
    at: Addresses
    session: aiohttp.ClientSession
    task: Sleeper

    async def sleep(self, seconds: float) -> None:
        await self.stage.clockwork.sleep(self.task, seconds)

    async def until(self, at: float) -> None:
        await self.sleep(at - self.stage.clockwork.now)

    async def get(
        self,
        path: str,
        *,
        host: str = "board",
        pause: float = 1.0,
        method: str = "GET",
        agent: str = CONTACT,
        since: str | None = None,
    ) -> Reply | None:
        """The answer; None where the connection was closed instead."""
        await self.sleep(pause)
        headers = {"User-Agent": agent} | ({} if since is None else {"If-Modified-Since": since})
        try:
            async with self.session.request(
                method, self.at[host] + path, headers=headers, allow_redirects=False
            ) as answer:
                return Reply(answer.status, dict(answer.headers), await answer.read())
        except aiohttp.ClientConnectionError:
            return None

    async def whole(self, path: str, *, host: str = "board", pause: float = 1.0) -> Reply:
        """An answer that is sure to come."""
        reply = await self.get(path, host=host, pause=pause)
        assert reply is not None
        return reply

    async def truth(self, path: str) -> Any:
        return (await self.whole(path, host="truth", pause=0)).json


def visit(config: LiveConfig, play: Callable[[Visitor], Awaitable[None]]) -> None:
    """Run `play` in a world of its own."""

    async def run() -> None:
        stage = live_stage(config)
        async with serve_stage(stage) as at, aiohttp.ClientSession() as session:
            session._retry_connection = False  # else aiohttp sends a GET again at once after a hang-up
            await play(Visitor(stage, at, session, stage.clockwork.join()))

    asyncio.run(run())
