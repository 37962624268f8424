"""Labels that people gave before and `bizmeme import` brought in: nobody is asked again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bizmeme.core.settings import Section
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.annotators import Annotation, Task
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

    def __init__(self, config: Config, labels: Labels) -> None:
        self._table = config.table
        self._labels = labels

    def push(self, tasks: Sequence[Task]) -> int:
        """Nobody labels here."""
        return 0

    def export(self) -> list[Annotation]:
        """Every label and skip; raises LabelError for one outside of the vocabulary."""
        table = read_table(RawLabels, Path.cwd() / self._table)
        for word in table["label"].drop_nulls().unique().sort():
            self._labels.check(word, where=str(self._table))
        rows = table.select("board", "no", "annotator", "label").iter_rows()
        return [Annotation((board, no), annotator, label) for board, no, annotator, label in rows]


def build(config: Config, *, labels: Labels, guideline: str) -> Imported:
    """The labels in `config.table`; whoever gave them had a guideline of their own."""
    return Imported(config, labels)
