"""training_args.json: what an adapter was trained on and with, and all that using it needs.

    {"base": {"folder": "models/base", "sha256": "9f2c…"},
     "family": {"name": "tiny", "precision": "float32", "quantisation": {"kind": "nf4", …}, …},
     "labels": ["bearish", "neutral", "bullish"],
     "prompt": {"system": "…", "question": "Post: {text}\\nMood?", "max_chars": 300},
     "seed": 0, "training": {"learning_rate": 0.0006, …}, "versions": {"torch": "2.14.1", …}}

It holds no absolute path, no time and no run id, so that equal trainings write equal bytes.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from pydantic import JsonValue, ValidationError

from bizmeme.core.chat import StudentPrompt
from bizmeme.core.settings import Section, Seed
from bizmeme.errors import ModelError
from bizmeme.qwen_vl.bases import HubBase, LocalBase
from bizmeme.qwen_vl.sections import Family

FILE = "training_args.json"
LIBRARIES = ("bitsandbytes", "peft", "tokenizers", "torch", "transformers", "trl")


class Record(Section):
    """The file's contents."""

    base: HubBase | LocalBase
    """The only base on which the adapter means anything."""

    family: Family
    """How that base is loaded and shown pictures."""

    labels: tuple[str, ...]
    """In the order of every class index."""

    prompt: StudentPrompt
    """How a post is put to the student."""

    seed: Seed
    """Of the training."""

    training: Mapping[str, JsonValue]
    """The section `train` as it was."""

    versions: Mapping[str, str]
    """Of the libraries that trained it."""


def write(record: Record, folder: Path) -> None:
    """Write the record beside the adapter in `folder`."""
    text = json.dumps(record.model_dump(mode="json"), indent=2, sort_keys=True)
    (folder / FILE).write_text(text + "\n")


def read(folder: Path) -> Record:
    """The record of the adapter in `folder`; ModelError where it is missing or of another form."""
    try:
        return Record.model_validate_json((folder / FILE).read_text())
    except (OSError, ValidationError) as error:
        raise ModelError(f"{folder / FILE} cannot be read: {error}. Run the stage `train` again.") from error


def library_versions() -> dict[str, str]:
    """The installed libraries that decide about the weights, by name."""
    return {name: version(name) for name in LIBRARIES}


def family_of(config: Family) -> Family:
    """The part of a family's `Config` that using an adapter needs."""
    return Family.model_validate({name: getattr(config, name) for name in Family.model_fields})
