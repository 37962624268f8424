"""What every family of the Qwen2.5-VL architecture does with its base: fine-tune it, load it to be asked.

torch and its libraries are imported at first use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bizmeme.core.chat import StudentPrompt
from bizmeme.ports.vlms import Course, Curves, Examples, Student
from bizmeme.qwen_vl.finetune import Finetuning, Tuner
from bizmeme.qwen_vl.sections import Family

FamilyT_co = TypeVar("FamilyT_co", bound=Family, covariant=True)


@dataclass(frozen=True, slots=True)
class Tuned(Generic[FamilyT_co]):
    """A family and its checked section."""

    config: FamilyT_co

    def finetune(
        self,
        examples: Examples,
        folder: Path,
        *,
        base: Path,
        labels: Sequence[str],
        course: Course[Finetuning],
    ) -> Curves:
        """Train an adapter on the base in the folder `base`, and write it into `folder`."""
        return Tuner(self.config, labels, course).finetune(examples, folder, base=base)

    def load(self, folder: Path, *, base: Path | None) -> Student:
        """The adapter in `folder` on its base; None finds the base by the adapter's own word."""
        from bizmeme.qwen_vl import student

        return student.load(folder, base=base)

    def load_base(self, folder: Path, *, labels: Sequence[str], prompt: StudentPrompt) -> Student:
        """The bare base in `folder`: what the adapter has to beat."""
        from bizmeme.qwen_vl import student

        return student.load_base(folder, family=self.config, labels=labels, prompt=prompt)
