"""ports.Labeller over OpenAI's API."""

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

import orjson

from bizmeme.core.limits import Limits
from bizmeme.core.pictures import scaled
from bizmeme.core.prices import Mode, ModelPrices, PriceTable, TokenPrices, Usage, cost_usd
from bizmeme.core.replies import Reading, printable
from bizmeme.core.values import is_strange, parsed
from bizmeme.core.vocabulary import Labels
from bizmeme.labellers.openai.batches import OpenAiBatches
from bizmeme.labellers.openai.chat import Chat
from bizmeme.labellers.openai.config import Config, usable
from bizmeme.labellers.openai.decisions import Decisions
from bizmeme.labellers.openai.endpoint import Endpoint
from bizmeme.labellers.openai.wire import Wire
from bizmeme.ports.labellers import Answer, ModelCard, Picture, Question, Worst
from bizmeme.shell.keys import Key
from bizmeme.shell.scaling import scaled_jpeg

_OVERHEAD_TOKENS = 200  # roles, separators
_NONSENSE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class OpenAiLabeller:
    """One model, asked at one endpoint."""

    def __init__(self, config: Config, endpoint: Endpoint, *, prices: ModelPrices, wire: Wire) -> None:
        self._config = config
        self._endpoint = endpoint
        self._prices = prices
        self._wire = wire
        self._batches = OpenAiBatches(wire, config.batch) if config.mode == "batch" else None

    @property
    def model(self) -> str:
        """As the vendor spells it."""
        return self._config.model

    @property
    def limits(self) -> Limits:
        """What the account may ask."""
        return self._config.limits

    @property
    def batches(self) -> OpenAiBatches | None:
        """The batch API in mode `batch`."""
        return self._batches

    @property
    def identity(self) -> Mapping[str, object]:
        """Vendor, endpoint, model, pictures' size and detail, and what the endpoint adds."""
        return {
            "vendor": "openai",
            "endpoint": self._config.endpoint,
            "model": self._config.model,
            "image_px": self._config.image_px,
            "image_detail": self._config.image_detail,
            **self._endpoint.identity,
        }

    def worst(self, question: Question, *, batch: bool) -> Worst:
        """Every byte a token (a byte-level tokenizer makes no more), picture and answer at their bounds."""
        texts = (question.instruction, question.post)
        asked = sum(len(text.encode()) for text in texts) + len(orjson.dumps(self._endpoint.identity))
        asked += _OVERHEAD_TOKENS + (self.picture_tokens(question.picture) if question.picture else 0)
        said = self._endpoint.most_output_tokens
        return Worst(asked + said, self.cost_usd(Usage(asked, said), batch=batch))

    def picture_tokens(self, picture: Picture) -> int:
        """At the size that is sent."""
        sent = scaled(picture.width_px, picture.height_px, longest_px=self._config.image_px)
        return self._prices.picture.tokens(*sent, detail=self._config.image_detail)

    def cost_usd(self, usage: Usage, *, batch: bool) -> float:
        """By the dated table."""
        live: Mode = "decisions" if self._config.mode == "decisions" else "live"
        prices = self._prices.prices("batch" if batch else live)
        assert isinstance(prices, TokenPrices)  # `usable` saw to it
        return cost_usd(prices, usage)

    def body(self, question: Question, image: bytes | None) -> Mapping[str, object]:
        """The request with its picture scaled and encoded."""
        url = None
        if image is not None:
            url = "data:image/jpeg;base64," + base64.b64encode(self._sent(question, image)).decode()
        return self._endpoint.body(question, picture=url)

    def _sent(self, question: Question, image: bytes) -> bytes:
        """The picture, scaled down where it is too large; one that is not is not even opened."""
        picture, longest_px = question.picture, self._config.image_px
        if picture is not None and max(picture.width_px, picture.height_px) <= longest_px:
            return image
        return scaled_jpeg(image, longest_px=longest_px)

    async def card(self) -> ModelCard:
        """GET /models/{model}."""
        card = await self._wire.get(f"/models/{quote(self._config.model, safe=':')}")
        told = card.get("shutdown_date")
        if told is None:
            return ModelCard(shutdown=None)
        try:
            return ModelCard(shutdown=date.fromisoformat(told[:10]))
        except (TypeError, ValueError):
            raise self._wire.troubles.nonsense("its card's shutdown_date is no day") from None

    async def ask(self, body: Mapping[str, object]) -> str:
        """Send once. JSON of somebody else's is no reply: kept as one, it would answer for ever."""
        reply = await self._wire.post(self._endpoint.path, body)
        if is_strange(reply.encode(), keys=self._endpoint.answers, block="usage"):
            raise self._wire.troubles.nonsense(f"JSON came that is no {self._endpoint.kind}")
        return reply

    def read(self, reply: str) -> Answer:
        """Label, confidence, rationale and usage; whatever cannot be read is a reason."""
        told = parsed(reply.encode(errors="replace"))
        reading = self._reading(told)
        return Answer(
            label=reading.label,
            confidence=reading.confidence,
            probabilities=reading.probabilities,
            rationale=None if reading.rationale is None else printable(reading.rationale),
            reason=None if reading.reason is None else printable(reading.reason),
            usage=self._usage(told),
        )

    def _reading(self, told: Any) -> Reading:
        try:
            return self._endpoint.reading(told)
        except _NONSENSE:
            return Reading(reason=f"the reply is not a {self._endpoint.kind}")

    def _usage(self, told: Any) -> Usage | None:
        try:
            usage = self._endpoint.usage(told)
        except _NONSENSE:
            return None
        return usage if usage.sound else None

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


def build(
    config: Config, *, labels: Labels, prices: PriceTable, section: str = "labeller.openai"
) -> OpenAiLabeller:
    """A labeller that reads its key from the environment when it first asks; messages name its section.

    Raises ConfigError where the vendor does not offer what the section asks for.
    """
    model = usable(config, prices, section=section)
    key = Key(config.api_key_env, setting=f"{section}.api_key_env", service=config.base_url)
    endpoint = Decisions(config, labels) if config.endpoint == "decisions" else Chat(config, labels)
    return OpenAiLabeller(config, endpoint, prices=model, wire=Wire(config, key, section=section))
