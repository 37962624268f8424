"""What tests of the OpenAI labeller share: its section, a question, a scripted server, a bounded run."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from omegaconf import OmegaConf
from PIL import Image

from bizmeme.core.prices import PriceTable
from bizmeme.core.vocabulary import Labels
from bizmeme.labellers.openai import Config, OpenAiLabeller, build
from bizmeme.ports.labellers import Picture, Question

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONF = Path(__file__).parents[2] / "conf"
WALL_S = 120  # ends a hang; measures nothing


def conf(path: str) -> Any:
    return OmegaConf.to_container(OmegaConf.load(CONF / path))


PRICES = PriceTable.model_validate(conf("prices/default.yaml"))
LABELS = Labels.model_validate(conf("labels/mood.yaml")["labels"])
SECTION: dict[str, Any] = conf("labeller/openai.yaml")["openai"]


def config(base_url: str = "http://127.0.0.1:1/v1", **changes: object) -> Config:
    return Config.model_validate(SECTION | {"base_url": base_url} | changes)


def labeller(base_url: str = "http://127.0.0.1:1/v1", **changes: object) -> OpenAiLabeller:
    return build(config(base_url, **changes), labels=LABELS, prices=PRICES)


def jpeg(width_px: int = 112, height_px: int = 112) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width_px, height_px), "green").save(file, "JPEG")
    return file.getvalue()


def question(image: bytes | None = None, text: str = "to the moon") -> Question:
    picture = None
    if image is not None:
        with Image.open(io.BytesIO(image)) as opened:
            picture = Picture(hashlib.sha256(image).hexdigest(), *opened.size)
    return Question("Label it.", f"<post>\nsubject: \ntext: {text}\n</post>", picture)


def run(asked: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(WALL_S):
            return await asked

    return asyncio.run(bounded())


@asynccontextmanager
async def closing(asked: OpenAiLabeller) -> AsyncIterator[OpenAiLabeller]:
    try:
        yield asked
    finally:
        await asked.close()


@asynccontextmanager
async def scripted(answer: Handler) -> AsyncIterator[str]:
    """A server that answers everything so; yields the base address for a client."""
    app = web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
