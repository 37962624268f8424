"""JSON exports of Label Studio that somebody saved: nobody is asked, one parser with the server's."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from bizmeme.core.annotations import read_export
from bizmeme.core.settings import Section
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError
from bizmeme.ports.annotators import Exported, OnlyRead
from bizmeme.shell.image_store import ImageStore


class Config(Section):
    """`annotator: {name: file, …}`."""

    name: Literal["file"]
    """This file."""

    exports: Annotated[tuple[Path, ...], Field(min_length=1)]
    """The files: Label Studio's export "JSON", one a project."""


class File(OnlyRead):
    """ports.Annotator over saved exports."""

    def __init__(self, config: Config, labels: Labels) -> None:
        self._files = config.exports
        self._labels = labels

    def export(self) -> Exported:
        """Every annotation in the files; raises DataError for a file that is no such export."""
        tasks = [task for file in self._files for task in _tasks(file)]
        read = read_export(tasks, self._labels)
        return Exported(read.said, {}, read.ignored)  # the files themselves are kept by whoever saved them


def _tasks(file: Path) -> list[dict[str, Any]]:
    advice = "Export the project once more, as JSON, and name the file in annotator.exports."
    try:
        tasks = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read as JSON ({error}). {advice}") from error
    if not isinstance(tasks, list) or not all(_is_task(each) for each in tasks):
        raise DataError(
            f"{file} is no JSON export of Label Studio: a list of tasks with data and annotations is "
            f"expected (JSON-MIN and CSV leave out what is needed). {advice}"
        )
    return tasks


def _is_task(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), dict)
        and isinstance(value.get("annotations"), list)
    )


def build(config: Config, *, labels: Labels, guideline: str, home: Path, images: ImageStore) -> File:
    """The labels in `config.exports`."""
    return File(config, labels)
