"""Labels that people gave before and `bizmeme import` brought in: nobody is asked again."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from bizmeme.core.annotations import IMPORTED, SKIPPED, Annotation, Key, Project
from bizmeme.core.settings import Section
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.annotators import Exported, Task
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import read_table
from bizmeme.tables import RawLabels


class Config(Section):
    """`annotator: {name: imported, …}`."""

    name: Literal["imported"]
    """This file."""

    table: Path
    """Where their labels stand, in the current folder."""


class Imported:
    """ports.Annotator over a table."""

    asks = False

    def __init__(self, config: Config, labels: Labels) -> None:
        self._table = config.table
        self._labels = labels

    def push(self, project: Project, tasks: Sequence[Task]) -> int:
        """Nobody labels here."""
        return 0

    def page(self, project: Project) -> str | None:
        """Nobody labels here."""
        return None

    def pushed(self, project: Project) -> set[Key]:
        """Nothing is pushed here."""
        return set()

    def unreachable(self, projects: Collection[Project]) -> list[str]:
        """Nobody looks at pictures here."""
        return []

    def export(self) -> Exported:
        """Every label and skip; raises LabelError for one outside of the vocabulary."""
        table = read_table(RawLabels, Path.cwd() / self._table)
        for word in table["label"].drop_nulls().unique().sort():
            self._labels.check(word, where=str(self._table))
        rows = table.select("board", "no", "annotator", "label").iter_rows()
        said = [
            Annotation((board, no), IMPORTED, annotator, label, None if label else SKIPPED)
            for board, no, annotator, label in rows
        ]
        return Exported(said, {}, {})

    def retire(self) -> list[str]:
        """Nothing to rename."""
        return []


def build(config: Config, *, labels: Labels, guideline: str, home: Path, images: ImageStore) -> Imported:
    """The labels in `config.table`; whoever gave them had a guideline of their own."""
    return Imported(config, labels)
