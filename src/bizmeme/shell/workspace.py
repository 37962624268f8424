"""Where a stage reads and writes, and where state lives that must outlive it.

Inputs come from the current folder. Outputs go to the same place under DVC, and to Hydra's run folder when a
person runs a stage by hand, so that a trial never overwrites the pipeline's files. State ($BIZMEME_HOME: the
journals, MLflow's database, checkpoints) is shared by every checkout that DVC makes for an experiment.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bizmeme.errors import DataError


@dataclass(frozen=True, slots=True)
class Workspace:
    """Three roots (inputs, outputs, state) and the origin of the posts: `real`, or a sandbox's world."""

    root: Path
    out: Path
    home: Path
    origin: str

    def read(self, path: str) -> Path:
        """An input that must exist; raises DataError naming the stage that makes it."""
        found = self.root / path
        if not found.exists():
            raise DataError(f"{path} is missing. Run `dvc repro`, or `dvc pull` to fetch a finished one.")
        return found

    def write(self, path: str) -> Path:
        """An output, its folder made."""
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def checkpoints(self, *, of: Iterable[Path], parameters: Mapping[str, object]) -> Path:
        """The folder for checkpoints of a computation with these inputs and parameters.

        DVC deletes a stage's outputs before it runs again; checkpoints in $BIZMEME_HOME survive a kill, and
        can only ever be resumed by the same computation.
        """
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True, default=str).encode())
        for path in sorted(file for one in of for file in files_below(one)):
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        return self.home / "checkpoints" / digest.hexdigest()[:16]


def files_below(path: Path) -> list[Path]:
    """The file itself, or every file below a folder, sorted."""
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())


def state_home() -> Path:
    """$BIZMEME_HOME, else `.bizmeme` below DVC_ROOT or the current folder; absolute."""
    named = os.environ.get("BIZMEME_HOME")
    if named:
        return Path(named).absolute()
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).absolute() / ".bizmeme"
