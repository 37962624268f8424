"""Qwen2.5-VL from the Hugging Face hub, at a pinned revision; its weights are fetched when first loaded.

`build(config)` is the plug-in door. Importing this module loads no torch.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bizmeme.ports.vlms import Caption, Course
from bizmeme.qwen_vl.bases import REVISION, HubBase
from bizmeme.qwen_vl.family import Tuned
from bizmeme.qwen_vl.pretrain import Pretraining
from bizmeme.qwen_vl.sections import Family


class Config(Family):
    """The section `vlm` of a model of the hub."""

    name: Literal["qwen2_5_vl"]
    """This file."""

    repository: str
    """Owner and name on huggingface.co."""

    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    """A commit's full hash; a branch would move."""


@dataclass(frozen=True, slots=True)
class Qwen25VL(Tuned[Config]):
    """A `ports.Vlm` whose base exists already."""

    def needs_captions(self) -> bool:
        """False: nothing is trained."""
        return False

    def make_base(
        self,
        captions: Sequence[Caption],
        folder: Path,
        *,
        labels: Sequence[str],
        course: Course[Pretraining] | None = None,
    ) -> None:
        """Write revision.json alone; the stages that follow fetch the weights it names."""
        base = HubBase(repository=self.config.repository, revision=self.config.revision)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / REVISION).write_text(json.dumps(base.model_dump(), indent=2) + "\n")


def build(config: Config) -> Qwen25VL:
    """The adapter for a checked section."""
    return Qwen25VL(config)
