"""The base of every configuration section: frozen, complete, and closed to unknown keys.

    class TrainConfig(Section):
        learning_rate: Annotated[float, Field(gt=0, le=1)]
        \"\"\"Peak learning rate of AdamW.\"\"\"

A value has one home, a yaml under conf/; here stand its meaning and its bounds, never a default. The
docstring under a field is its description in docs/reference/params.md.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


def _reachable(address: str) -> str:
    if not re.match(r"(https?|sandbox)://[^\s/]", address):
        raise ValueError("an address begins with https:// or http://, or names a server of the sandbox")
    return address


Address = Annotated[str, AfterValidator(_reachable)]
"""Of a service: `https://api.openai.com/v1`, `sandbox://openai/v1`."""


class Section(BaseModel):
    """One section of the composed configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Plugin(BaseModel):
    """A section that names its adapter; the adapter's own `Config` checks the rest of the keys."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    name: str
    """The adapter: the name of one file in the folder of its kind."""


def _named(sections: dict[str, Plugin]) -> dict[str, Plugin]:
    for key, section in sections.items():
        if key != section.name:
            raise ValueError(f"the section {key} names the adapter {section.name}: both must be the same")
    return sections


Plugins = Annotated[dict[str, Plugin], Field(min_length=1), AfterValidator(_named)]
"""Sections of one kind that are there together, each under its adapter's name."""
