"""Fine-tunes a base with QLoRA: `Finetuning` is the section of the stage `train`.

torch and its libraries are imported at first use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from bizmeme.core.chat import ChatRow, answers
from bizmeme.core.settings import PositiveInt
from bizmeme.errors import DataError, LabelError
from bizmeme.ports.vlms import Course, Curves, Examples
from bizmeme.qwen_vl import bases, lora, quantised, record
from bizmeme.qwen_vl.order import batched_by_length
from bizmeme.qwen_vl.sections import Family, Lora, Pace, Precision

if TYPE_CHECKING:
    from datasets import Dataset
    from peft import PeftModel
    from transformers import ProcessorMixin
    from trl import SFTConfig, SFTTrainer


class Finetuning(Pace):
    """How an adapter is trained."""

    name: str
    """The file that holds these values."""

    steps: PositiveInt | None
    """Optimiser steps; or null, and `epochs` says how long."""

    epochs: Annotated[float, Field(gt=0)] | None
    """Passes over the training rows; or null, and `steps` says how long."""

    gradient_accumulation: PositiveInt
    """Batches per optimiser step."""

    gradient_checkpointing: bool
    """Recompute activations: less memory for more time."""

    precision: Precision
    """Of the activations; the adapter's own weights are float32 always."""

    eval_every_steps: PositiveInt
    """How often the validation loss is taken."""

    lora: Lora
    """The adapter's shape."""

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give either steps or epochs, and null for the other")
        return self

    @property
    def examples_per_step(self) -> int:
        """Rows behind one optimiser step."""
        return self.batch_size * self.gradient_accumulation

    def optimiser_steps(self, rows: int) -> int:
        """How many steps a training on so many rows takes."""
        if self.epochs is None:
            return self.steps or 0
        return max(1, round(self.epochs * rows / self.examples_per_step))


@dataclass(frozen=True, slots=True)
class Tuner:
    """One fine-tuning: what stays the same from its first step to the files it leaves."""

    family: Family
    labels: Sequence[str]
    course: Course[Finetuning]

    def finetune(self, examples: Examples, folder: Path, *, base: Path) -> Curves:
        """Train an adapter on the base in the folder `base`, and write it into `folder`.

        Continues from the course's checkpoints where there are any. Raises DataError or LabelError on rows
        that cannot be trained on, ModelError where the adapter does not fit the base or training diverges.
        """
        from bizmeme.qwen_vl import sft

        trainer = self.trainer(examples, base=base)
        curves = sft.run(trainer, threads=self.course.settings.threads)
        self._save(trainer.model, folder, base=base)
        return curves

    def trainer(self, examples: Examples, *, base: Path) -> "SFTTrainer":
        """The trainer, ready to run."""
        from transformers import set_seed

        from bizmeme.qwen_vl import sft

        _check_rows(examples, self.labels)
        model = quantised.load_model(bases.source(base), self.family)
        set_seed(self.course.seed)  # the adapter starts at random
        trainer = sft.trainer(
            lora.attach(model, self.course.settings.lora, targets=self.family.targets),
            self._processor(base),
            arguments=self._arguments(examples),
            train=self._dataset(examples.train, examples, self._order(examples.train)),
            val=self._dataset(examples.val, examples, range(len(examples.val))) if examples.val else None,
        )
        lora.in_float32(trainer.model)
        return trainer

    def _processor(self, base: Path) -> "ProcessorMixin":
        return quantised.load_processor(bases.source(base), self.family.pixels)

    def _dataset(self, rows: Sequence[ChatRow], examples: Examples, order: Sequence[int]) -> "Dataset":
        from bizmeme.qwen_vl import sft

        return sft.Rows(rows, examples.images, self.family.pixels).dataset(order)

    def _order(self, rows: Sequence[ChatRow]) -> list[int]:
        settings = self.course.settings
        return batched_by_length(
            [sum(len(turn["content"]) for turn in row["messages"]) for row in rows],
            count=settings.optimiser_steps(len(rows)) * settings.examples_per_step,
            batch_size=settings.batch_size,
            seed=self.course.seed,
        )

    def _arguments(self, examples: Examples) -> "SFTConfig":
        from bizmeme.qwen_vl import sft

        settings = self.course.settings
        return sft.arguments(
            settings,
            self.course.checkpoints,
            steps=settings.optimiser_steps(len(examples.train)),
            seed=self.course.seed,
            bf16=settings.precision == "bfloat16",
            gradient_accumulation_steps=settings.gradient_accumulation,
            gradient_checkpointing=settings.gradient_checkpointing,
            eval_strategy="steps" if examples.val else "no",
            eval_steps=settings.eval_every_steps,
            per_device_eval_batch_size=settings.batch_size,
        )

    def _save(self, model: "PeftModel", folder: Path, *, base: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        named = bases.reference(base, beside=folder)
        lora.save(model, folder, base=bases.name(named))
        entry = record.Record(
            base=named,
            family=record.family_of(self.family),
            labels=tuple(self.labels),
            prompt=self.course.prompt,
            seed=self.course.seed,
            training=self.course.settings.model_dump(mode="json"),
            versions=record.library_versions(),
        )
        record.write(entry, folder)
        # A fresh one: the trainer's has the padding of its last batch among its settings.
        self._processor(base).save_pretrained(folder)


def _check_rows(examples: Examples, labels: Sequence[str]) -> None:
    if not examples.train:
        raise DataError("There are no training rows. metrics/prepare.json says what became of the posts.")
    strange = set(answers([*examples.train, *examples.val])) - set(labels)
    if strange:
        raise LabelError(
            f"The training rows answer {', '.join(sorted(strange))}, which is no label of conf/labels/ "
            f"({', '.join(labels)}). Run the stage `prepare` again."
        )
    missing = {row["images"][0] for row in (*examples.train, *examples.val)} - examples.images.keys()
    if missing:
        raise DataError(
            f"The rows show {len(missing)} pictures that data/train_images/ lacks, first {min(missing)}. "
            "Run `dvc repro -f -s prepare`."
        )
