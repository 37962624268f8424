"""What people are asked, project by project, and what they said, kept as it came."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from bizmeme.core.annotations import Annotation, Key, Project
from bizmeme.core.label_status import Place
from bizmeme.core.rounds import turns
from bizmeme.ports.annotators import Annotator, Exported, Task
from bizmeme.shell.gold import freeze
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.workspace import Workspace

KEY = ["board", "no"]
ASKED: tuple[Project, ...] = ("first", "second")
"""The projects whose posts the sample decides."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A project, how many tasks it has of ours, how many were added just now, and where people label them."""

    project: Project
    tasks: int
    added: int
    page: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """What was pushed, project by project, and what people had said by then."""

    pushed: Sequence[Pushed]
    exported: Exported


@dataclass(frozen=True, slots=True)
class Asking:
    """The sampled posts that people can be shown: those that posts.parquet still has, with their picture."""

    sample: pl.DataFrame  # GoldSample
    shown: pl.DataFrame  # of them, with thread_no, subject, text and image_sha256
    seed: int

    @classmethod
    def of(cls, sample: pl.DataFrame, posts: pl.DataFrame, *, seed: int) -> "Asking":
        """Join them; a frozen post may be gone, or have lost its picture, since it was drawn."""
        columns = ("thread_no", "subject", "text", "image_sha256")
        seen = posts.select(*KEY, *columns).drop_nulls("image_sha256")
        return cls(sample, sample.join(seen, on=KEY, maintain_order="left"), seed)

    @property
    def gone(self) -> int:
        """Sampled posts that nobody can be shown any more."""
        return len(self.sample) - len(self.shown)

    def places(self) -> dict[Key, Place]:
        """What progress is measured with: the posts that people can be shown."""
        rows = self.shown.select(*KEY, "stratum", "thread_no", "second", "repeat").iter_rows()
        return {(board, no): Place(*place) for board, no, *place in rows}

    def tasks(self, project: Project) -> list[Task]:
        """The showings of a project, in its order."""
        tasks = tasks_of(self.shown)
        return [
            replace(tasks[turn.key], repeat=turn.repeat)
            for turn in turns(self.shown, project, seed=self.seed)
        ]

    def push(self, annotator: Annotator, workspace: Workspace) -> Round:
        """Freeze the sample, push what the first two projects lack, then what people dispute in them.

        One process at a time: two would both add what both found missing. Where nobody can be asked, as the
        server is down, nothing is frozen.
        """
        with alone(workspace.home, workspace.origin, doing="pushing tasks"):
            annotator.page("first")
            with open_journal(workspace.home, workspace.origin) as journal:
                freeze(journal, self.sample)
            pushed = [_push(annotator, project, self.tasks(project)) for project in ASKED]
            exported = annotator.export()
            disputed = set(disputes(exported.said))
            tasks = [each for key, each in tasks_of(self.shown).items() if key in disputed]
            third = _push(annotator, "adjudication", tasks)
            # Simulated people have answered those by now.
            return Round([*pushed, third], annotator.export() if third.added else exported)


def _push(annotator: Annotator, project: Project, tasks: Sequence[Task]) -> Pushed:
    """A project without tasks is not made."""
    if not tasks:
        return Pushed(project, 0, 0, None)
    added = annotator.push(project, tasks)
    return Pushed(project, len(tasks), added, annotator.page(project))


def tasks_of(shown: pl.DataFrame) -> dict[Key, Task]:
    """A task a post; `shown` has board, no, subject, text and image_sha256."""
    columns = shown.select(*KEY, "subject", "text", "image_sha256").iter_rows()
    return {
        (board, no): Task((board, no), subject, text, sha256) for board, no, subject, text, sha256 in columns
    }


def disputes(said: Iterable[Annotation]) -> list[Key]:
    """The posts on which people in the first two projects differ, sorted; repeats do not count."""
    labels: dict[Key, set[str]] = {}
    for each in said:
        if each.project in ASKED and not each.repeat and each.label is not None:
            labels.setdefault(each.key, set()).add(each.label)
    return sorted(key for key, given in labels.items() if len(given) > 1)


def keep_exports(exported: Exported, folder: Path) -> None:
    """Every project's export as it came, in a file of its own; another one only where the labels are others.

    The name's digest is that of the labels: times and numbers of the server in it change for nothing.
    """
    for project, tasks in exported.raw.items():
        digest = hashlib.sha256(repr(_labels(exported.said, project)).encode()).hexdigest()[:12]
        file = folder / f"{project}-{digest}.json"
        if tasks and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".part")
            partial.write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf-8")
            partial.replace(file)


def _labels(said: Sequence[Annotation], project: str) -> list[tuple[object, ...]]:
    return [
        (each.key, each.repeat, each.annotator, each.label, each.reason)
        for each in said
        if each.project == project
    ]
