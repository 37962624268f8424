"""What kind a file is, by what is in it, never by its name alone."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bizmeme.dumps import addresses
from bizmeme.dumps.auto_labels import AutoLabels
from bizmeme.dumps.csv_rows import header
from bizmeme.dumps.csv_tables import CsvDump, LabelledPictures
from bizmeme.dumps.databases import SqliteDump
from bizmeme.dumps.json_values import values
from bizmeme.dumps.parquet import ParquetDump
from bizmeme.dumps.threads import ThreadDump
from bizmeme.errors import DataError
from bizmeme.ports.imports import Batch, Dump, Places, RefusedRow, Rules

KNOWN = (
    "a parquet or CSV table of posts with named columns; a thread dump (JSON of the board's shape "
    '{"posts": […]}, one file, a file of lines, or a folder of them); a SQLite file with the '
    "table thread_ops or training_labels; auto_labels.json; test_labels.csv with image_path, text, label"
)
_HEAD_BYTES = 2**16
_LOOKED_AT = 10  # values of a JSON file, before it counts as unknown


def opened(path: Path, rules: Rules) -> list[Dump]:
    """The file, or the *.json and *.jsonl files of a folder; raises DataError for an unknown kind."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file.")
    try:
        if path.is_dir():
            return _of_folder(path, rules)
        if not path.is_file():
            raise DataError(f"{path} is no file.")
        return [_of_file(path, rules)]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}). Nothing was read.") from error


def _of_file(path: Path, rules: Rules) -> Dump:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"PAR1"):
        return ParquetDump(path, rules)
    if head.startswith(b"SQLite format 3\0"):
        return SqliteDump(path, rules)
    if b"\0" in head or not head.strip():
        raise _unknown(path.name, "is empty" if not head.strip() else "is of no known kind")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _of_json(path, rules, name=path.name)
    return _of_text(path, rules)


def _of_text(path: Path, rules: Rules) -> Dump:
    names = header(path)
    if len(names) < 2:  # noqa: PLR2004 - a table has at least a number and a date
        raise _unknown(path.name, "is of no known kind")
    if LabelledPictures.fits(names, rules):
        return LabelledPictures(path, names, rules)
    return CsvDump(path, names, rules)


def _of_json(path: Path, rules: Rules, *, name: str) -> Dump:
    limit = rules.how.limits.document_mib * 2**20
    problem = "is of no known kind"
    for value in islice(values(path, limit_chars=limit), _LOOKED_AT):
        if ThreadDump.fits(value.value):
            return ThreadDump(path, rules, name=name)
        if AutoLabels.fits(value.value, value.place, rules):
            return AutoLabels(path, rules, name=name)
        if value.problem:
            problem = f"is of no known kind ({value.place}: {value.problem.reason})"
    raise _unknown(name, problem)


def _of_folder(folder: Path, rules: Rules) -> list[Dump]:
    """Each JSON file in a folder, sorted; one that cannot be taken is refused, the others are not."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".jsonl"))
    if not paths:
        raise _unknown(str(folder), "has no *.json and no *.jsonl file in it")
    return [_in_folder(path, folder, rules) for path in paths]


def _in_folder(path: Path, folder: Path, rules: Rules) -> Dump:
    name = str(path.relative_to(folder))
    if not addresses.inside(path, folder):
        return _Refused(name, "it is a link out of the folder")
    if not path.is_file():
        return _Refused(name, "it is no file")
    try:
        return _of_json(path, rules, name=name)
    except DataError as error:
        return _Refused(name, "it is of no known kind, or broken", str(error).removeprefix(f"{name} "))


def _unknown(name: str, problem: str) -> DataError:
    return DataError(f"{name} {problem}. `bizmeme import` reads {KNOWN}. Nothing was read.")


class _Refused:
    """ports.Dump of a file of which nothing can be taken."""

    kind = "refused file"
    names_posts = False

    def __init__(self, name: str, reason: str, value: str = "") -> None:
        self.name, self.columns = name, dict[str, str]()
        self._row = RefusedRow(name, "the file", "file", reason, value[:80])

    def batches(self, places: Places) -> Iterator[Batch]:
        """The refusal."""
        yield Batch(refused=[self._row], share=1.0)
