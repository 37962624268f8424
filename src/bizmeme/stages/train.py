"""train: QLoRA fine-tuning of the base on the vision API's labels → models/adapter, recorded in MLflow."""

import shutil
from pathlib import Path

from bizmeme.core.chat import ChatRow, StudentPrompt
from bizmeme.core.nested import flat
from bizmeme.core.settings import Plugin, Section, Seed
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.trackers import Run, Tracker
from bizmeme.ports.vlms import Course, Curves, Examples
from bizmeme.qwen_vl.finetune import Finetuning
from bizmeme.qwen_vl.lora import fingerprint
from bizmeme.shell.builder import build
from bizmeme.shell.parquet import read_json, write_json
from bizmeme.shell.shards import read_shards
from bizmeme.shell.workspace import Workspace


class TrainConfig(Finetuning):
    """How the adapter is trained."""


class Params(Section):
    """The sections that this stage reads."""

    train: TrainConfig
    vlm: Plugin
    labels: Labels
    prompt: StudentPrompt
    tracker: Plugin
    seed: Seed


def run(params: Params, workspace: Workspace) -> None:
    """Read rows and pictures, train from the last checkpoint if there is one, write and record."""
    base = workspace.read("models/base")
    examples = _examples(workspace)
    folder = workspace.write("models/adapter/adapter_config.json").parent
    checkpoints = workspace.checkpoints(
        of=[base, *(workspace.read(f"data/{name}") for name in ("train.json", "val.json", "train_images"))],
        parameters=params.model_dump(exclude={"tracker"}),
    )
    course = Course(params.train, params.prompt, params.seed, checkpoints)
    vlm = build("vlm", params.vlm)
    curves = vlm.finetune(examples, folder, base=base, labels=params.labels.names, course=course)
    write_json(_figures(curves, examples), workspace.write("metrics/train.json"))
    _record(params, curves, folder, home=workspace.home)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _examples(workspace: Workspace) -> Examples:
    train: list[ChatRow] = read_json(workspace.read("data/train.json"))
    val: list[ChatRow] = read_json(workspace.read("data/val.json"))
    return Examples(train, val, read_shards(workspace.read("data/train_images")))


def _figures(curves: Curves, examples: Examples) -> dict[str, object]:
    """What metrics/train.json holds: sizes, and each curve's last value."""
    last = {name: curve[-1][1] for name, curve in curves.metrics.items() if curve}
    return {"rows": {"train": len(examples.train), "val": len(examples.val)}, "last": last}


def _record(params: Params, curves: Curves, folder: Path, *, home: Path) -> None:
    tracker: Tracker = build("tracker", params.tracker, home=home)
    sections = params.model_dump(include={"train", "seed"}) | {"vlm": params.vlm.name}
    run_name = f"{params.vlm.name} r{params.train.lora.r} lr{params.train.learning_rate:g}"
    tracker.record(Run("training", run_name, flat(sections), curves.metrics, folder, fingerprint(folder)))
