"""The sandbox's clock on loopback: GET /now, and a WebSocket /task for each concurrent task.

connecting             registers a task, awake: time stands still
{"now": true}          → {"now": 1762732800.0}
{"sleep": 2.5}         → {"now": 1762732802.5}, once every registered task sleeps and this hour has come
closing                leaves, however it happens
"""

import asyncio
import contextlib
import json
import math
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from bizmeme.sandbox.clockwork import Clockwork, Sleeper
from bizmeme.sandbox.servers.common import OnTheClock, application, as_json

_LONGEST_S = 366 * 86_400.0


def app(backstage: OnTheClock) -> web.Application:
    """The server."""
    clockwork = backstage.clockwork
    sockets: set[web.WebSocketResponse] = set()

    async def now(_: web.Request) -> web.Response:
        return as_json({"now": clockwork.now})

    async def task(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        # Registered before the handshake is answered: a connected client is sure to hold the clock.
        joined = _Task(clockwork, clockwork.join(), socket)
        try:
            await socket.prepare(request)
            sockets.add(socket)
            await joined.run()
        finally:
            sockets.discard(socket)
            joined.close()
        return socket

    async def hang_up(_: web.Application) -> None:
        for socket in set(sockets):
            await socket.close()

    server = application(backstage, [web.get("/now", now), web.get("/task", task)])
    server.on_shutdown.append(hang_up)
    return server


@dataclass(slots=True)
class _Task:
    """One connected task."""

    clockwork: Clockwork
    sleeper: Sleeper
    socket: web.WebSocketResponse
    pending: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer until the client hangs up; a sleeper is listened to as well, so that its end is noticed."""
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                await self._answer(message.data)

    async def _answer(self, text: str) -> None:
        try:
            request = json.loads(text)
        except ValueError:
            request = None
        match request:
            case {"now": True}:
                await self.socket.send_json({"now": self.clockwork.now})
            case {"sleep": int() | float() as seconds} if self._may_sleep(seconds):
                self.pending = asyncio.create_task(self._sleep(float(seconds)))
            case _:
                await self.socket.send_json({"error": f"not understood, or asleep: {text[:80]}"})

    def _may_sleep(self, seconds: float) -> bool:
        asleep = self.pending is not None and not self.pending.done()
        return not asleep and math.isfinite(seconds) and seconds <= _LONGEST_S

    async def _sleep(self, seconds: float) -> None:
        woken_at = await self.clockwork.sleep(self.sleeper, seconds)
        with contextlib.suppress(ConnectionError):  # the client may be gone; its end is noticed in `run`
            await self.socket.send_json({"now": woken_at})

    def close(self) -> None:
        """Leave the clock."""
        if self.pending is not None:
            self.pending.cancel()
        self.clockwork.leave(self.sleeper)
