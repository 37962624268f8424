"""Gemini's models as a labeller, over the real SDK."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bizmeme.core.limits import Limits
from bizmeme.core.pictures import scaled
from bizmeme.core.prices import Mode, ModelPrices, PriceTable, Usage, cost_usd
from bizmeme.core.values import is_strange
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import QuotaError
from bizmeme.labellers.gemini import reading, wire
from bizmeme.labellers.gemini.batches import GeminiBatches
from bizmeme.labellers.gemini.calls import Calls
from bizmeme.labellers.gemini.config import Config
from bizmeme.labellers.gemini.refusals import Teller, families
from bizmeme.ports.labellers import Answer, Batches, ModelCard, Picture, Question, Worst
from bizmeme.shell.keys import Key
from bizmeme.shell.scaling import scaled_jpeg

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from google.genai import Client

_API_VERSION = "v1beta"  # the SDK's own is v1, which knows no decisions
_CHAT = (("candidates", "promptFeedback"), "usageMetadata")
_DECISION = (("answers", "prompt_feedback"), "usage")
"""Keys under which a reply has what it says, and what it took."""
_OVERHEAD_TOKENS = 200  # roles, separators, names


class GeminiLabeller:
    """ports.Labeller in one of three modes."""

    def __init__(self, config: Config, labels: Labels, prices: ModelPrices, calls: Calls) -> None:
        self._config = config
        self._labels = labels
        self._prices = prices
        self._calls = calls
        self._decides = config.mode == "decisions"
        self._generation = wire.generation(config, labels, prices)
        self.model = config.model

    @property
    def identity(self) -> Mapping[str, object]:
        """All that shapes an answer beside the question."""
        config = self._config
        seen = {"model": config.model, "image_px": config.image_px, "image_detail": config.image_detail}
        if self._decides:
            return {"endpoint": "decisions", **seen, "choices": list(self._labels.names)}
        return {"endpoint": "chat", **seen, "generation": dict(self._generation)}

    @property
    def limits(self) -> Limits:
        """What the account may ask."""
        return self._config.limits

    @property
    def batches(self) -> Batches | None:
        """The batch API in batch mode."""
        if self._config.mode != "batch":
            return None
        return GeminiBatches(self._calls, self._config.batch, model=self.model)

    def worst(self, question: Question, *, batch: bool) -> Worst:
        """Every byte a token (a byte-level tokenizer makes no more), picture and answer at their bounds."""
        text = question.instruction + question.post + json.dumps(dict(self.identity))
        seen = self.picture_tokens(question.picture) if question.picture else 0
        tokens = len(text.encode()) + _OVERHEAD_TOKENS + seen
        output = 0 if self._decides else self._config.max_output_tokens
        return Worst(tokens + output, usd=self.cost_usd(Usage(tokens, output), batch=batch))

    def picture_tokens(self, picture: Picture) -> int:
        """At the size that is sent."""
        config = self._config
        width, height = scaled(picture.width_px, picture.height_px, longest_px=config.image_px)
        return self._prices.picture.tokens(width, height, detail=config.image_detail)

    def cost_usd(self, usage: Usage, *, batch: bool) -> float:
        """What an answer cost, asked live or in a batch."""
        chat: Mode = "batch" if batch else "live"
        prices = self._prices.prices("decisions" if self._decides else chat)
        assert prices is not None, "checked when it was built"
        return cost_usd(prices, usage)

    def body(self, question: Question, image: bytes | None) -> Mapping[str, object]:
        """The body of a decision, or of generateContent."""
        sent = None if image is None else scaled_jpeg(image, longest_px=self._config.image_px)
        if self._decides:
            return wire.decision_body(question, sent, model=self.model, labels=self._labels)
        return wire.chat_body(question, sent, generation=self._generation)

    async def card(self) -> ModelCard:
        """Whether the model is there; Gemini's list says of no model until when."""
        if await self._calls.sought(f"models/{self.model}") is None:
            told = f"{self._config.base_url} has no model {self.model}."
            section = self._calls.teller.section
            raise QuotaError(f"{told} Check {section}.model in conf/labeller/.", again=False)
        return ModelCard(shutdown=None)

    async def ask(self, body: Mapping[str, object]) -> str:
        """Send it once. JSON of somebody else's is no reply: kept as one, it would answer for ever."""
        path = "decisions" if self._decides else f"models/{self.model}:generateContent"
        reply = await self._calls.post(path, body)
        keys, block = _DECISION if self._decides else _CHAT
        if is_strange(reply.encode(), keys=keys, block=block):
            raise self._calls.teller.silence("JSON came that is no answer of a model")
        return reply

    def read(self, reply: str) -> Answer:
        """What a reply says; never raises."""
        return reading.read(reply, reading.decision if self._decides else reading.chat, labels=self._labels)

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()


def build(
    config: Config, *, labels: Labels, prices: PriceTable, section: str = "labeller.gemini"
) -> GeminiLabeller:
    """A labeller that reads its key from the environment when it first asks; messages name its section.

    Raises ConfigError where the vendor does not offer what the section asks for.
    """
    usable = prices.usable(config.model, config.mode, vendor="gemini", where=section)
    key = Key(config.api_key_env, setting=f"{section}.api_key_env", service=config.base_url)
    teller = Teller(config.base_url, key, section)
    return GeminiLabeller(config, labels, usable, Calls(lambda: _client(config, key), teller))


def _client(config: Config, key: Key) -> "tuple[Client, ClientSession]":
    from google.genai import Client, types

    from bizmeme.labellers.gemini.transport import session

    families()  # loads the rest of the SDK: at the first error everybody would wait for it
    api_key, connections = key.read(), session()
    options = types.HttpOptions(
        base_url=config.base_url,
        api_version=_API_VERSION,
        timeout=round(config.timeout_s * 1000),
        # None would sleep some seconds after a broken connection, and send again.
        retry_options=types.HttpRetryOptions(attempts=1),
        aiohttp_client=connections,
    )
    return Client(vertexai=False, api_key=api_key, http_options=options), connections
