"""The one training loop: trl's SFTTrainer over chat rows, with loss on the answer alone, resumable.

Both pre-training and fine-tuning come here. torch, transformers, trl and datasets load with this module, so
it is imported inside the functions that train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import trl.trainer.utils
from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedModel, PrinterCallback, ProcessorMixin
from trl import SFTConfig, SFTTrainer

from bizmeme.core.chat import ChatRow
from bizmeme.ports.vlms import Curves
from bizmeme.qwen_vl import pictures, shapes
from bizmeme.qwen_vl.sections import Pace, Pixels
from bizmeme.qwen_vl.watch import Completed, Progress, StopAtNaN, newest_complete
from bizmeme.shell.progress import counting

CURVES = (
    "loss",
    "grad_norm",
    "learning_rate",
    "mean_token_accuracy",
    "eval_loss",
    "eval_mean_token_accuracy",
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Chat rows and the picture files they name."""

    rows: Sequence[ChatRow]
    images: Mapping[str, bytes]
    pixels: Pixels

    def dataset(self, order: Sequence[int]) -> Dataset:
        """The rows in this order, each picture decoded only when it is met."""
        return Dataset.from_dict({"row": list(order)}).with_transform(self)

    def __call__(self, batch: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        """The transform of that dataset: row numbers to prompts, completions and pictures."""
        chosen = [self.rows[number] for number in batch["row"]]
        shaped = [shapes.sft_row(row) for row in chosen]
        return {
            "prompt": [row["prompt"] for row in shaped],
            "completion": [row["completion"] for row in shaped],
            "images": [[self._picture(row)] for row in chosen],
        }

    def __reduce__(self) -> tuple[type, tuple[()]]:
        # `datasets` names a transform by hashing its pickle, which would hash every picture.
        return (object, ())

    def _picture(self, row: ChatRow) -> Any:
        return pictures.read(self.images[row["images"][0]], pixels=self.pixels)


class Resumable(SFTTrainer):  # type: ignore[misc]  # the library is untyped
    """An SFTTrainer that finds its weights again when it continues from a checkpoint of a whole model."""

    def _load_from_checkpoint(self, checkpoint: str, model: PreTrainedModel | None = None) -> None:
        # transformers 5.23 writes Qwen2.5-VL under the hub's names and looks for the class's own: it finds
        # none, logs a warning, and would go on with the old optimiser state and fresh random weights.
        if isinstance(self.model, PeftModel):
            super()._load_from_checkpoint(checkpoint, model)
            return
        weights = type(self.model).from_pretrained(checkpoint, dtype=self.model.dtype).state_dict()
        (model or self.model).load_state_dict(weights)


def arguments(pace: Pace, checkpoints: Path, *, steps: int, seed: int, **special: Any) -> SFTConfig:
    """The settings in the words of trl; `special` is what one of the two trainings has alone."""
    gpu = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(checkpoints),
        max_steps=steps,
        per_device_train_batch_size=pace.batch_size,
        learning_rate=pace.learning_rate,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr_rate": pace.final_learning_rate},
        warmup_steps=pace.warmup_steps,
        weight_decay=pace.weight_decay,
        max_grad_norm=pace.max_gradient_norm,
        train_sampling_strategy="sequential",  # the dataset is ordered already: qwen_vl/order.py
        logging_steps=pace.log_every_steps,
        logging_nan_inf_filter=False,  # it would hide a NaN behind the last average
        save_steps=pace.checkpoint_every_steps,
        save_total_limit=2,
        max_length=None,  # trl's 1,024 can cut the answer off, and then trains on nothing without a word
        completion_only_loss=True,
        remove_unused_columns=False,
        dataloader_pin_memory=gpu,
        use_cpu=not gpu,
        report_to="none",
        disable_tqdm=True,
        seed=seed,
        **special,
    )


def trainer(
    model: PreTrainedModel | PeftModel,
    processor: ProcessorMixin,
    *,
    arguments: SFTConfig,
    train: Dataset,
    val: Dataset | None,
) -> SFTTrainer:
    """A trainer that watches for NaN and marks its checkpoints."""
    _score_answers_only()
    trainer = Resumable(
        model,
        arguments,
        train_dataset=train,
        eval_dataset=val,
        processing_class=processor,
        callbacks=[StopAtNaN(), Completed()],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def run(trainer: SFTTrainer, *, threads: int) -> Curves:
    """Train to the end, from the newest complete checkpoint if there is one.

    Raises ModelError where loss or gradient norm stops being a number.
    """
    torch.set_num_threads(threads)
    checkpoint = newest_complete(Path(trainer.args.output_dir))
    with counting("training", trainer.args.max_steps) as tick:
        trainer.add_callback(Progress(tick))
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    return curves(trainer.state.log_history)


def curves(history: Sequence[Mapping[str, float]]) -> Curves:
    """The figures that do not depend on the machine, by name; times and throughput stay out."""
    return Curves(
        {name: [(int(entry["step"]), entry[name]) for entry in history if name in entry] for name in CURVES}
    )


def _score_answers_only() -> None:
    # Without Triton, trl 1.16 scores every position of the sequence and then drops all but the answer's: a
    # quarter of a step on a CPU. Saying "Triton" at this one place makes it drop them first.
    if not torch.cuda.is_available():
        trl.trainer.utils._use_triton = lambda device: True
