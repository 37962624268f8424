"""The section `labeller.gemini`."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bizmeme.core.limits import BatchLimits, Limits
from bizmeme.core.pictures import Detail
from bizmeme.core.prices import Mode
from bizmeme.core.settings import Address, PositiveInt, Section
from bizmeme.errors import ConfigError


class Config(Section):
    """`labeller.gemini: {name: gemini, …}`."""

    name: Literal["gemini"]
    """This folder."""

    base_url: Address
    """Address of the API, without its version."""

    api_key_env: str
    """The environment variable that holds the key; the key itself never stands in conf/."""

    model: str
    """The model, as the vendor spells it; one of conf/prices/."""

    mode: Mode
    """live: answer by answer; batch: half price, hours; decisions: probabilities, no rationale."""

    image_px: PositiveInt
    """Longer sides of pictures are scaled down to this before they are sent."""

    image_detail: Detail
    """How closely a model of the third generation looks, and what a picture costs there."""

    max_output_tokens: PositiveInt
    """Chat: longer answers, thoughts included, are cut off, and so have no label."""

    timeout_s: Annotated[float, Field(ge=10)]
    """Wall seconds for one answer. It is sent along, and the API refuses less than ten."""

    limits: Limits
    """What the account may ask."""

    batch: BatchLimits
    """How large a batch may be, and how often it is looked at."""

    @model_validator(mode="before")
    @classmethod
    def _no_logprobs(cls, values: Any) -> Any:
        if isinstance(values, dict) and "logprobs" in values:
            raise ConfigError(
                "labeller.gemini.logprobs: there is no such key. Gemini's models answer 'Logprobs is not "
                "enabled'. Remove it; for probabilities set mode: decisions and model: gemini-decision-1."
            )
        return values
