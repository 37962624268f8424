"""A clone of this checkout as somebody would have it, by default with the small world selected."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 600


class Project:
    """A git repository with DVC in it: a new one, or the one that is in the folder already."""

    def __init__(self, folder: Path, *, experiment: str = "small", timeout_s: float = TIMEOUT_S) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}  # added to every command's
        self.log = ""  # of the first `dvc repro`
        self._experiment = experiment
        self._timeout_s = timeout_s
        if (folder / ".git").exists():
            self._introduce()
            return
        self.update()
        self._introduce()
        self.commit("start")

    @classmethod
    def cloned(cls, source: str | Path, folder: Path) -> "Project":
        """Somebody else's `git clone`, with nothing that git does not carry."""
        subprocess.run(["git", "clone", "--quiet", source, folder], check=True, timeout=60)
        return cls(folder)

    def _introduce(self) -> None:
        self.git("config", "user.name", "bizmeme")  # `dvc exp` commits by itself
        self.git("config", "user.email", "tests@example.org")

    def update(self) -> None:
        """Bring its sources and configuration up to date with this checkout's, as `make try` does."""
        subprocess.run([ROOT / ".ci" / "clone", self.folder, self._experiment], check=True, timeout=60)

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
            env=known | {"PATH": path} | self.environment,
            capture_output=True,
            text=True,
            timeout=self._timeout_s,
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
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

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
