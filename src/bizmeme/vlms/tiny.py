"""The tiny Qwen2.5-VL: the real classes at small sizes, pre-trained here, for machines without a GPU.

`build(config)` is the plug-in door. Importing this module loads no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bizmeme.errors import ConfigError
from bizmeme.ports.vlms import Caption, Course
from bizmeme.qwen_vl.architecture import SizedFamily
from bizmeme.qwen_vl.family import Tuned
from bizmeme.qwen_vl.pretrain import Pretraining, pretrain


class Config(SizedFamily):
    """The section `vlm` of a model that is trained from nothing."""

    name: Literal["tiny"]
    """This file."""


@dataclass(frozen=True, slots=True)
class Tiny(Tuned[Config]):
    """A `ports.Vlm` that trains its base."""

    def needs_captions(self) -> bool:
        """True: the base is trained on captioned pictures."""
        return True

    def make_base(
        self,
        captions: Sequence[Caption],
        folder: Path,
        *,
        labels: Sequence[str],
        course: Course[Pretraining] | None = None,
    ) -> None:
        """Train tokenizer and base, and write them into `folder`.

        Raises ConfigError without a course, DataError without captions, ModelError where training fails.
        """
        if course is None:
            raise ConfigError("The tiny model's base is trained: choose `base: tiny` in conf/config.yaml.")
        pretrain(captions, folder, config=self.config, labels=labels, course=course)


def build(config: Config) -> Tiny:
    """The adapter for a checked section."""
    return Tiny(config)
