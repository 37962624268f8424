"""The section `labeller.openai`, and what is checked of it before anything is asked."""

from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.limits import BatchLimits, Limits
from bizmeme.core.pictures import Detail
from bizmeme.core.prices import Endpoint, Mode, ModelPrices, PriceTable
from bizmeme.core.settings import Address, PositiveInt, Section
from bizmeme.errors import ConfigError


class Config(Section):
    """`labeller: {openai: {name: openai, …}}`."""

    name: Literal["openai"]
    """This folder."""

    base_url: Address
    """Address of the API, with its version."""

    api_key_env: str
    """The environment variable that holds the key; the key itself never stands in conf/."""

    model: str
    """The model, as the vendor spells it."""

    mode: Mode
    """`live`: chat, one by one; `batch`: chat in batches; `decisions`: odds of every label, no rationale."""

    image_px: PositiveInt
    """Pictures are scaled down to this longer side before they are sent."""

    image_detail: Detail
    """How closely the model looks, and with some models what a picture costs."""

    max_output_tokens: PositiveInt
    """Of a chat's answer; longer ones are cut off, and so have no label."""

    logprobs: bool
    """Ask a chat for the probabilities of its tokens; many models refuse."""

    timeout_s: Annotated[float, Field(gt=0)]
    """Wall seconds for one answer."""

    limits: Limits
    """What your account may ask."""

    batch: BatchLimits
    """How large a batch may be."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it is asked."""
        return "decisions" if self.mode == "decisions" else "chat"


def usable(config: Config, prices: PriceTable, *, section: str) -> ModelPrices:
    """The model's prices; raises ConfigError where the vendor does not offer what is asked of it."""
    model = prices.usable(config.model, config.mode, vendor="openai", where=section)
    if config.logprobs and (not model.logprobs or config.endpoint != "chat"):
        giving = sorted(name for name, each in prices.models.items() if each.logprobs)
        raise ConfigError(
            f"{section}.logprobs = true: {config.model} gives no token probabilities in mode {config.mode}. "
            f"Set it to false, or choose mode live or batch and one of {', '.join(giving)}."
        )
    return model
