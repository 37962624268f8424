"""A simulated clock over HTTP: a session is a WebSocket, sleeping is a message on it.

    → {"sleep": 1.5}   ← {"now": 1762732801.5}

Simulated time jumps to the earliest sleeper once every open session is asleep.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import aiohttp

from bizmeme.core.settings import Section
from bizmeme.errors import ServiceError


class Config(Section):
    """`clock: {name: simulated, base_url: …}`."""

    name: Literal["simulated"]
    """This file."""

    base_url: str
    """The clock's address."""


class SimulatedTimer:
    """ports.Timer over one WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def now(self) -> float:
        """Simulated seconds since 1970, UTC."""
        return await self._ask({"now": True})

    async def sleep(self, seconds: float) -> None:
        """Return when simulated time has come."""
        await self._ask({"sleep": seconds})

    async def _ask(self, question: dict[str, object]) -> float:
        try:
            await self._socket.send_json(question)
            answer = await self._socket.receive_json()
        except (aiohttp.ClientError, TypeError, ConnectionError) as error:
            raise ServiceError(
                "The simulated clock went away: its world has stopped. Run the same command again."
            ) from error
        return float(answer["now"])


class SimulatedClock:
    """ports.Clock at an address."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SimulatedTimer]:
        """Register a task with the clock for as long as the session is open."""
        async with aiohttp.ClientSession() as http:
            try:
                socket = await http.ws_connect(f"{self._base_url}/task")
            except aiohttp.ClientError as error:
                raise ServiceError(
                    f"There is no simulated clock at {self._base_url} ({error}). Run the same command again."
                ) from error
            async with socket:
                yield SimulatedTimer(socket)


def build(config: Config) -> SimulatedClock:
    """A clock at `config.base_url`."""
    return SimulatedClock(config.base_url)
