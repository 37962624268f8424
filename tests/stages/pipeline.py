"""The small pipeline, run stage by stage as DVC runs it, each stage at most once a session."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bizmeme.shell.gold import forget
from bizmeme.shell.journals import open_journal
from bizmeme.stages import STAGES

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 240


class Pipeline:
    """A folder with conf/, params.yaml and whatever stages have run in it."""

    def __init__(self, folder: Path, *overrides: str) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "conf", folder / "conf")
        self._done: list[str] = []
        done = bizmeme("compose", *overrides, cwd=folder)
        assert done.returncode == 0, done.stderr

    @property
    def home(self) -> Path:
        """$BIZMEME_HOME of its stages."""
        return self.folder / ".bizmeme"

    def upto(self, stage: str) -> "Pipeline":
        """Run what has not run yet, `stage` included."""
        for each in list(STAGES)[1 : list(STAGES).index(stage) + 1]:
            if each not in self._done:
                done = self.run(each)
                assert done.returncode == 0, f"{each}: {done.stderr}"
                self._done.append(each)
        return self

    def run(self, stage: str, *overrides: str) -> "subprocess.CompletedProcess[str]":
        """Run one stage once more, as `dvc repro` does."""
        under_dvc = ("--config-dir", ".", "--config-name", "params")
        return bizmeme(stage, *under_dvc, *overrides, cwd=self.folder, DVC_STAGE=stage)

    def path(self, name: str) -> Path:
        """One of its files."""
        return self.folder / name

    def thaw(self) -> "Pipeline":
        """Forget the frozen sample, so that the stage `sample` draws one anew."""
        for file in (self.home / "journals").glob("*.sqlite"):
            with open_journal(self.home, file.stem) as journal:
                forget(journal)
        return self

    def fork(self, folder: Path) -> "Pipeline":
        """A copy to change, with the same stages done."""
        copy = Pipeline.__new__(Pipeline)
        copy.folder, copy._done = folder, list(self._done)
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("outputs", "multirun"))
        return copy


def bizmeme(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own, from this checkout's sources."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "BIZMEME_"))}
    return subprocess.run(
        [sys.executable, "-m", "bizmeme", *arguments],
        cwd=cwd,
        env=known | {"PYTHONPATH": str(ROOT / "src")} | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
