"""The base of every configuration section: frozen, complete, and closed to unknown keys.

    class TrainConfig(Section):
        learning_rate: Annotated[float, Field(gt=0, le=1)]
        \"\"\"Peak learning rate of AdamW.\"\"\"

A value has one home, a yaml under conf/; here stand its meaning and its bounds, never a default. The
docstring under a field is its description in docs/reference/params.md.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """One section of the composed configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Plugin(BaseModel):
    """A section that names its adapter; the adapter's own `Config` checks the rest of the keys."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    name: str
    """The adapter: the name of one file in the folder of its kind."""
