"""Labellers for tests that do as they are told, and what asking them takes."""

import asyncio
from collections.abc import Mapping

from bizmeme.core.limits import Limits
from bizmeme.core.prices import Usage
from bizmeme.ports.labellers import Answer, Batches, ModelCard, Picture, Question, Worst
from bizmeme.shell.paying.desk import Asking

HOW = Asking(tries=3, pause_s=2)
WORST_USD, USD = 0.25, 0.125
LIMITS = Limits(
    concurrency=3,
    requests_per_minute=60,
    tokens_per_minute=None,
    requests_per_day=None,
    tokens_per_day=None,
)
Step = BaseException | str


def question(name: str) -> Question:
    return Question("Label it.", name, None)


def questions(*names: str) -> dict[str, Question]:
    return {name: question(name) for name in names}


def no_picture(sha256: str) -> bytes:
    raise AssertionError(f"nobody asked for {sha256}")


class Scripted:
    """ports.Labeller: per post a list of what happens, the last one for ever."""

    model = "scripted"
    limits = LIMITS
    batches: Batches | None = None

    def __init__(self, script: Mapping[str, list[Step]] | None = None) -> None:
        self.script = {key: list(steps) for key, steps in (script or {}).items()}
        self.identity: Mapping[str, object] = {"model": self.model}
        self.sent: list[str] = []

    def worst(self, question: Question, *, batch: bool) -> Worst:
        return Worst(tokens=200, usd=WORST_USD)

    def cost_usd(self, usage: Usage, *, batch: bool) -> float:
        return USD / 2 if batch else USD

    def picture_tokens(self, picture: Picture) -> int:
        return 0

    def body(self, question: Question, image: bytes | None) -> Mapping[str, object]:
        return {"post": question.post, "image": image}

    async def card(self) -> ModelCard:
        return ModelCard(shutdown=None)

    async def ask(self, body: Mapping[str, object]) -> str:
        name = str(body["post"])
        self.sent.append(name)
        await asyncio.sleep(0)
        return self.next_step(name)

    def next_step(self, name: str) -> str:
        steps = self.script.get(name, ["bullish"])
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, BaseException):
            raise step
        return step

    def read(self, reply: str) -> Answer:
        if reply == "garbled":
            return Answer(None, None, None, None, reason="garbled", usage=None)
        return Answer(reply, 0.9, None, None, None, Usage(90, 10))

    async def close(self) -> None:
        """Nothing is open."""


class Slow(Scripted):
    """Answers after a while, `a` at once."""

    async def ask(self, body: Mapping[str, object]) -> str:
        for _ in range(20 if body["post"] != "a" else 0):
            await asyncio.sleep(0)
        return await super().ask(body)
