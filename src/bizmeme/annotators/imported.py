"""Labels that people gave before and `bizmeme import` brought in: nobody is asked again."""

from pathlib import Path
from typing import Literal

from bizmeme.core.annotations import brought
from bizmeme.core.settings import Section
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.annotators import Exported, OnlyRead
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import read_table
from bizmeme.tables.raw import RawLabels


class Config(Section):
    """`annotator: {name: imported, …}`."""

    name: Literal["imported"]
    """This file."""

    table: Path
    """Where their labels stand, in the current folder."""


class Imported(OnlyRead):
    """ports.Annotator over a table."""

    def __init__(self, config: Config, labels: Labels) -> None:
        self._table = config.table
        self._labels = labels

    def export(self) -> Exported:
        """Every label and skip; raises LabelError for one outside of the vocabulary."""
        table = read_table(RawLabels, Path.cwd() / self._table)
        for word in table["label"].drop_nulls().unique().sort():
            self._labels.check(word, where=str(self._table))
        return Exported(brought(table), {}, {})


def build(config: Config, *, labels: Labels, guideline: str, home: Path, images: ImageStore) -> Imported:
    """The labels in `config.table`; whoever gave them had a guideline of their own."""
    return Imported(config, labels)
