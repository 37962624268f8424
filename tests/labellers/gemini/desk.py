"""Asks Gemini in every mode, and stands in for it where it is to misbehave."""

import asyncio
import base64
import contextlib
import io
import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from aiohttp import web
from PIL import Image

from bizmeme.core.prices import PriceTable
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import RefusedError, ServiceError
from bizmeme.labellers.gemini import Config, build
from bizmeme.labellers.gemini.adapter import GeminiLabeller
from bizmeme.ports.labellers import Batches, Picture, Question

KEY = "AIza-planted-and-never-seen-again"
MODES: Mapping[str, str] = {
    "live": "gemini-2.5-flash-lite",
    "batch": "gemini-2.5-flash-lite",
    "decisions": "gemini-decision-1",
}
ENDPOINTS = ("live", "decisions")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    section: Mapping[str, Any]
    labels: Labels
    prices: PriceTable

    def config(self, mode: str = "live", **changes: Any) -> Config:
        return Config.model_validate({**self.section, "mode": mode, "model": MODES[mode], **changes})

    def labeller(self, mode: str = "live", **changes: Any) -> GeminiLabeller:
        return build(self.config(mode, **changes), labels=self.labels, prices=self.prices)

    def hasty(self, mode: str, base_url: str) -> GeminiLabeller:
        """For servers that never answer: it waits a quarter of a second, which the real API refuses."""
        config = self.config(mode, base_url=base_url).model_copy(update={"timeout_s": 0.25})
        return build(config, labels=self.labels, prices=self.prices)


def jpeg(width_px: int = 112, height_px: int = 112) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width_px, height_px), "green").save(file, "JPEG")
    return file.getvalue()


def question(text: str = "to the moon", size: tuple[int, int] | None = None) -> Question:
    picture = None if size is None else Picture("0" * 64, *size)
    return Question("Label the mood.", f"<post>\nsubject: \ntext: {text}\n</post>", picture)


def once(labeller: GeminiLabeller, act: Callable[[], Awaitable[T]]) -> T:
    """The result of one act of a labeller, which is closed after it."""

    async def run() -> T:
        try:
            return await act()
        finally:
            await labeller.close()

    return asyncio.run(run())


def ask(labeller: GeminiLabeller, body: Mapping[str, object] | None = None) -> str:
    asked = labeller.body(question(), None) if body is None else body
    return once(labeller, lambda: labeller.ask(asked))


def batches_of(labeller: GeminiLabeller) -> Batches:
    assert labeller.batches is not None
    return labeller.batches


def sent_picture(body: Mapping[str, Any]) -> tuple[int, int]:
    """The size of the picture in a body of either endpoint."""
    if "input" in body:
        (data,) = (part["data"] for part in body["input"] if part["type"] == "image")
    else:
        data = body["contents"][0]["parts"][1]["inlineData"]["data"]
    return Image.open(io.BytesIO(base64.b64decode(data))).size


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of a server that misbehaves."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def response(self) -> web.Response:
        raw = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"Content-Type": self.content_type, **self.headers}
        return web.Response(status=self.status, body=raw, headers=headers)


def refusal(status: int, message: str, word: str = "", *details: Mapping[str, object]) -> Said:
    error = {"code": status, "message": message, "status": word, "details": list(details)}
    return Said(status, {"error": error})


def deep(levels: int) -> str:
    """JSON of lists within lists."""
    return "[" * levels + "]" * levels


@contextlib.asynccontextmanager
async def saying(*answers: Said) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that gives these answers in turn, the last one for ever; yields address and paths asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        return answers[min(len(asked), len(answers)) - 1].response()

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def behaving(
    rude: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that does that with each connection; yields its address."""
    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def told(desk: Desk, act: Callable[[Batches], Awaitable[Any]], *answers: Said) -> Any:
    """What an act makes of these answers, and which paths it asked for."""

    async def run() -> Any:
        async with saying(*answers) as (address, asked):
            labeller = desk.labeller("batch", base_url=address)
            try:
                return await act(batches_of(labeller)), asked
            finally:
                await labeller.close()

    return asyncio.run(run())


def failure(desk: Desk, mode: str, *answers: Said) -> tuple[ServiceError, int]:
    """The error that a server's answers end in, and how often it was asked."""

    async def run() -> tuple[ServiceError, int]:
        async with saying(*answers) as (address, asked):
            labeller = desk.labeller(mode, base_url=address)
            try:
                with pytest.raises(ServiceError) as raised:
                    await labeller.ask(labeller.body(question(), None))
            finally:
                await labeller.close()
            return raised.value, len(asked)

    error, asked = asyncio.run(run())
    assert KEY not in "".join(traceback.format_exception(error))
    return error, asked


def refused(desk: Desk, mode: str, answer: Said) -> RefusedError:
    error, asked = failure(desk, mode, answer)
    assert isinstance(error, RefusedError)
    assert asked == 1  # the SDK tries no second time
    return error
