"""What vision APIs charge, by a dated table: tokens, the tokens of a picture, batches, days of shutdown.

    gpt-6-luna:
      vendor: openai
      chat: {input: 0.10, cached_input: null, output: 0.50}      # USD per million tokens
      decisions: {input: 0.10, cached_input: null, output: 0.0}
      batch_share: 0.5
      picture: {rule: patches, patch_px: 32, multiplier: 1.2, most: 10000}
      logprobs: false
      shutdown: null

Vendors change all of it: the table says when it was read, and a model that it does not list is not asked.
"""

import difflib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.pictures import PictureTokens
from bizmeme.core.settings import Section
from bizmeme.errors import ConfigError

Endpoint = Literal["chat", "decisions"]
Mode = Literal["live", "batch", "decisions"]
MODES: tuple[Mode, ...] = ("live", "batch", "decisions")
_MOST_TOKENS = 2**31  # of one answer: more is a broken count, not a bill
UsdPerMillion = Annotated[float, Field(ge=0, le=1000)]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer, as its usage block says."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0  # of the input

    @property
    def sound(self) -> bool:
        """Whether it can be true; what a stranger's JSON held may be of any type."""
        counts = (self.input_tokens, self.output_tokens, self.cached_tokens)
        whole = all(type(count) is int and 0 <= count < _MOST_TOKENS for count in counts)
        return whole and self.cached_tokens <= self.input_tokens


class TokenPrices(Section):
    """USD per million tokens at one endpoint."""

    input: UsdPerMillion
    """Of the prompt, pictures included."""

    cached_input: UsdPerMillion | None
    """Of that part of a prompt which the vendor had in its cache; null: as any other."""

    output: UsdPerMillion
    """Of the answer."""


class ModelPrices(Section):
    """One model: what it offers, what that costs, until when."""

    vendor: Literal["openai", "gemini"]
    """Whose it is."""

    chat: TokenPrices | None
    """At the chat endpoint (`mode: live`); null where it has none."""

    decisions: TokenPrices | None
    """At the decisions endpoint (`mode: decisions`); null where it has none."""

    batch_share: Annotated[float, Field(gt=0, le=1)] | None
    """What a batch costs, as a share of chat's prices (`mode: batch`); null where it has none."""

    picture: PictureTokens
    """How a picture's tokens are counted."""

    logprobs: bool
    """Whether it gives the probabilities of its tokens."""

    shutdown: date | None
    """The day from which on it answers no more; null where none is announced."""

    def prices(self, mode: Mode) -> TokenPrices | None:
        """What a mode costs per million tokens; None where the model does not have it."""
        if mode == "decisions":
            return self.decisions
        if mode == "live" or self.chat is None:
            return self.chat
        return None if self.batch_share is None else _times(self.chat, self.batch_share)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Every mode that it has."""
        return tuple(mode for mode in MODES if self.prices(mode) is not None)


class PriceTable(Section):
    """Every model whose price is known, and the day on which the vendors' pages said so."""

    as_of: date
    """The day on which the vendors' pages said so."""

    models: dict[str, ModelPrices]
    """By the vendor's name of the model."""

    def usable(self, model: str, mode: Mode, *, vendor: str, where: str) -> ModelPrices:
        """The model's prices; ConfigError where it is unknown, another vendor's, or has no such mode."""
        prices = self.models.get(model)
        if prices is None:
            near = difflib.get_close_matches(model, self.models, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(
                f"{where}.model = '{model}': its price is unknown, so no cap would hold.{hint} "
                f"Add it to conf/prices/ with the vendor's prices. Known: {', '.join(sorted(self.models))}."
            )
        if prices.vendor != vendor:
            own = sorted(name for name, each in self.models.items() if each.vendor == vendor)
            raise ConfigError(
                f"{where}.model = '{model}': it is {prices.vendor}'s, and this section asks {vendor}. "
                f"Choose one of {', '.join(own)}; or ask {prices.vendor}: "
                f"auto_label.labellers=[{prices.vendor}]."
            )
        if mode not in MODES:
            near = difflib.get_close_matches(mode, MODES, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(
                f"{where}.mode = '{mode}': there is no such mode.{hint} Known: {', '.join(MODES)}."
            )
        if mode not in prices.modes:
            having = sorted(
                name
                for name, each in self.models.items()
                if mode in each.modes and each.vendor == prices.vendor
            )
            raise ConfigError(
                f"{where}.mode = '{mode}': {prices.vendor} does not offer it for {model}, which has "
                f"{', '.join(prices.modes)}. Its models that have it: {', '.join(having)}."
            )
        return prices

    def check_alive(self, model: str, today: date) -> None:
        """Raise ConfigError from the day on which the model is shut down."""
        shutdown = self.models[model].shutdown
        if shutdown is not None and shutdown <= today:
            raise ConfigError(
                f"{model} was shut down on {shutdown} (conf/prices/, as of {self.as_of}). Nothing was asked. "
                "Choose a model that lives."
            )


def _times(prices: TokenPrices, share: float) -> TokenPrices:
    cached = None if prices.cached_input is None else prices.cached_input * share
    return TokenPrices(input=prices.input * share, cached_input=cached, output=prices.output * share)


def cost_usd(prices: TokenPrices, usage: Usage) -> float:
    """The price of one request, USD."""
    cached_price = prices.input if prices.cached_input is None else prices.cached_input
    fresh = usage.input_tokens - usage.cached_tokens
    paid = fresh * prices.input + usage.cached_tokens * cached_price + usage.output_tokens * prices.output
    return paid / 1_000_000
