"""A clone of this checkout as somebody would have it, with the small world selected."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 600
NOT_COPIED = ("dvc.lock", "metrics/")  # they belong to the default world's last run


class Project:
    """A git repository with DVC in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in self._tracked():
            if not name.startswith(NOT_COPIED):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        self.edit("conf/config.yaml", "experiment: null", "experiment: small")
        self.git("init", "--quiet")
        self.git("config", "user.name", "bizmeme")  # `dvc exp` commits by itself
        self.git("config", "user.email", "tests@example.org")
        self.commit("start")

    def _tracked(self) -> list[str]:
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(
            listing, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        ).stdout
        return [name for name in names.splitlines() if (ROOT / name).is_file()]

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command in the clone, the virtual environment's first on the path."""
        known = {
            name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "BIZMEME_"))
        }
        known.pop("PYTHONPATH", None)
        path = f"{Path(sys.executable).parent}{os.pathsep}{known.get('PATH', '')}"
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=known | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
        return done

    def dvc(self, *arguments: str) -> str:
        """Run DVC; its output."""
        return self.run("dvc", *arguments).stdout

    def git(self, *arguments: str) -> str:
        """Run git; its output."""
        return self.run("git", *arguments).stdout

    def commit(self, message: str) -> None:
        """Commit everything that git does not ignore."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence of `old`."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def stages_run(self, *arguments: str) -> list[str]:
        """`dvc repro`: the stages that ran, in order."""
        return re.findall(r"Running stage '(\w+)'", self.dvc("repro", *arguments))

    def changed(self) -> set[str]:
        """The stages that are out of date by themselves, once conf/ is composed."""
        self.run("bizmeme", "compose")
        return set(json.loads(self.dvc("status", "--json")))

    def metrics(self, revision: str, name: str) -> Any:
        """A metrics file as a revision or an experiment has it."""
        return json.loads(self.git("show", f"{revision}:metrics/{name}.json"))
