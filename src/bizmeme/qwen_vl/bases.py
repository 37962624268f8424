"""Where a base's weights are: a folder of ours, or a repository of the hub at a pinned revision.

    models/base/model.safetensors   a base trained here
    models/base/revision.json       {"repository": "Qwen/Qwen2.5-VL-7B-Instruct", "revision": "cc59489…"}

An adapter names its base in training_args.json and works on no other, so a local base carries its hash.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from bizmeme.core.settings import Section
from bizmeme.errors import ModelError

WEIGHTS = "model.safetensors"
REVISION = "revision.json"


class HubBase(Section):
    """A base of the hub, pinned."""

    repository: str
    """Owner and name on huggingface.co."""

    revision: str
    """A commit's hash; a branch would move."""


class LocalBase(Section):
    """A base trained here."""

    folder: str
    """Relative to the repository root."""

    sha256: str
    """Of its model.safetensors."""


@dataclass(frozen=True, slots=True)
class Source:
    """What `from_pretrained` is called with."""

    name: str
    revision: str | None


def source(folder: Path) -> Source:
    """Where the weights of the base in `folder` are; ModelError if it holds no base."""
    if (folder / REVISION).is_file():
        hub = HubBase.model_validate_json((folder / REVISION).read_text())
        return Source(hub.repository, hub.revision)
    if (folder / WEIGHTS).is_file():
        return Source(str(folder), None)
    raise ModelError(f"{folder} holds no base: neither {WEIGHTS} nor {REVISION}. Run the stage `base`.")


def reference(folder: Path, *, beside: Path) -> HubBase | LocalBase:
    """How training_args.json in `beside` names the base in `folder`: never by an absolute path."""
    if source(folder).revision is not None:
        return HubBase.model_validate_json((folder / REVISION).read_text())
    root = Path.cwd()
    if not folder.absolute().is_relative_to(root):
        root = Path(os.path.commonpath([folder.absolute(), beside.absolute()]))
    relative = folder.absolute().relative_to(root)
    return LocalBase(folder=relative.as_posix(), sha256=fingerprint(folder / WEIGHTS))


def name(base: HubBase | LocalBase) -> str:
    """How adapter_config.json calls a base: the hub's name, or the folder relative to the repository root."""
    return base.repository if isinstance(base, HubBase) else base.folder


def find(base: LocalBase, *, adapter: Path) -> Path:
    """The folder of an adapter's local base, looked for from the adapter upwards; ModelError if not there."""
    for parent in adapter.absolute().parents:
        if (parent / base.folder / WEIGHTS).is_file():
            return parent / base.folder
    raise ModelError(
        f"The base of {adapter} is missing: no folder above it holds {base.folder}/{WEIGHTS}. "
        "Run `dvc pull` or the stage `base`, or pass base=<folder>."
    )


def check(base: LocalBase, folder: Path) -> None:
    """Raise ModelError if `folder` holds other weights than those an adapter was trained on."""
    if fingerprint(folder / WEIGHTS) != base.sha256:
        raise ModelError(
            f"The adapter was trained on another base than the one in {folder}: their hashes differ. "
            "Run the stage `train` again, or restore the base with `dvc checkout`."
        )


def fingerprint(file: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
