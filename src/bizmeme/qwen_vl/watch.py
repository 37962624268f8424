"""Callbacks of a training: stop at NaN, mark complete checkpoints, move a progress bar.

transformers loads with this module, so it is imported inside the functions that train.
"""

import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from bizmeme.errors import ModelError

MARK = "complete"


class StopAtNaN(TrainerCallback):  # type: ignore[misc]  # the library is untyped
    """Ends a training whose loss or gradient stopped being a number, before a checkpoint keeps it."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float],
        **_: Any,
    ) -> None:
        """Look at every logged figure that can go wrong."""
        for name in ("loss", "grad_norm", "eval_loss"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise ModelError(
                    f"{name} is {logs[name]} at step {state.global_step}: the training has diverged. Lower "
                    "learning_rate, or raise warmup_steps."
                )


class Completed(TrainerCallback):  # type: ignore[misc]  # the library is untyped
    """Marks a checkpoint once all its files are written: a run killed while writing leaves half of one."""

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Write the mark."""
        (_checkpoint(args, state) / MARK).touch()


class Progress(TrainerCallback):  # type: ignore[misc]  # the library is untyped
    """Moves a bar (shell/progress.py) by one a step, with the newest losses beside it."""

    def __init__(self, tick: Callable[[str], None]) -> None:
        self._tick = tick
        self._note = ""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start where a resumed training stands."""
        for _step in range(state.global_step):
            self._tick(self._note)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """One step more."""
        self._tick(self._note)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float],
        **_: Any,
    ) -> None:
        """Note training or validation loss."""
        told = [f"{name} {logs[name]:.3f}" for name in ("loss", "eval_loss") if name in logs]
        self._note = ", ".join(told) or self._note


def newest_complete(folder: Path) -> Path | None:
    """The newest marked checkpoint in `folder`; half-written ones are removed."""
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for half in checkpoints:
        if not (half / MARK).exists():
            shutil.rmtree(half)
    return next((path for path in reversed(checkpoints) if path.exists()), None)


def _checkpoint(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(args.output_dir or "") / f"checkpoint-{state.global_step}"
