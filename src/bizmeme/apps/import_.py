"""`bizmeme import PATH …`: bring in posts, labels and pictures that you already have.

A PATH is a parquet or CSV table of posts with named columns; a thread dump (JSON of the board's shape: one
file, a file of lines, or a folder of them); a SQLite file with the tables thread_ops and training_labels; an
auto_labels.json; or a test_labels.csv (image_path, text, label). What it is shows by what is in it.

    bizmeme import posts.db --pictures images/ --dry-run      what would be taken; nothing is written
    bizmeme import posts.db auto_labels.json --pictures images/ experiment=production
    bizmeme import old.parquet --map columns.yaml --refused refused.csv

Every post needs a number and a date; a date without a zone is UTC. Where your columns have other names than
conf/imports/default.yaml knows, write those that differ into a file for --map: `columns: {time: scraped}`.
Imports enter the journal of the configured origin; importing the same again adds nothing.
"""

import argparse
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bizmeme.core.columns import ImportMap, overlaid
from bizmeme.dumps import build
from bizmeme.errors import ConfigError
from bizmeme.ports.imports import Dumps, RefusedRow, Rules, Store
from bizmeme.shell.builder import checked
from bizmeme.shell.import_report import SHOWN, First, refusals, report
from bizmeme.shell.importing import Importer, listing
from bizmeme.shell.imports import rehearsal
from bizmeme.shell.journals import journal_file, open_journal
from bizmeme.shell.workspace import state_home

DEFAULT_MAP = Path("conf/imports/default.yaml")
_OVERRIDE = re.compile(r"[+~]{0,2}[\w@./]+=.*")


def main(arguments: list[str]) -> None:
    """Import, or rehearse it; raises DataError where a file is of no known kind or lacks a column."""
    options = _parser().parse_args(arguments)
    overrides = [each for each in options.paths if _OVERRIDE.fullmatch(each) and not Path(each).exists()]
    paths = [Path(each) for each in options.paths if each not in overrides]
    if not paths:
        raise ConfigError("Name at least one file or folder: `bizmeme import PATH`.")
    configured = _configured(overrides)
    reader: Dumps = build(_rules(options, configured))
    dumps = [dump for path in paths for dump in reader.open(path)]
    pictures = reader.pictures(options.pictures)
    first = First()
    with _store(configured.origin, dry_run=options.dry_run) as store, listing(options.refused) as write:

        def refuse(row: RefusedRow) -> None:
            write(row)
            first.see(row)

        importer = Importer(store, pictures, refuse, keep_auto_labels=options.keep_auto_labels)
        importer.take(dumps)
    console = Console(soft_wrap=True)
    console.print(*report(dumps, importer.tally, configured.labels), sep="\n")
    console.print(*refusals(importer.tally, first.rows, listed_in=options.refused), sep="\n")
    console.print(
        "Nothing was written (--dry-run)."
        if options.dry_run
        else f"Kept in the journal of '{configured.origin}'."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bizmeme import", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="files or folders; key=value among them overrides conf/")
    add("--map", type=Path, metavar="FILE", help=f"yaml with what differs from {DEFAULT_MAP}")
    add("--pictures", type=Path, metavar="DIR", help="a folder that the posts' pictures lie in")
    add("--board", help="the board of rows that name none (default: source.imported.board)")
    add("--annotator-prefix", default="", metavar="TEXT", help="set before the name of whoever labelled")
    add(
        "--keep-auto-labels",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep automatic labels as paid for; without them, their posts are asked again",
    )
    add(
        "--refused",
        type=Path,
        metavar="FILE",
        help=f"write every refused row as CSV (else: {SHOWN} are printed)",
    )
    add("--dry-run", action="store_true", help="say what would be taken, write nothing")
    return parser


@dataclass(frozen=True, slots=True)
class _Configured:
    """What the command takes from conf/."""

    origin: str
    labels: tuple[str, ...]
    source: Mapping[str, Any]


def _configured(overrides: list[str]) -> _Configured:
    from bizmeme.stages.compose import composed_yaml
    from bizmeme.stages.runner import origin

    config = composed_yaml(Path("conf"), overrides).config
    return _Configured(
        origin(config["sandbox"]), tuple(config["labels"]["names"]), config["source"]["imported"]
    )


def _rules(options: argparse.Namespace, configured: _Configured) -> Rules:
    from urllib.parse import urlsplit

    host = urlsplit(str(configured.source.get("media_url") or "")).netloc.lower()
    return Rules(
        how=import_map(options.map),
        board=_board(options.board or str(configured.source.get("board") or "biz")),
        labels=configured.labels,
        media_host=host or None,
        annotator_prefix=options.annotator_prefix,
    )


def _board(named: str) -> str:
    board = named.strip("/")
    if not re.fullmatch(r"[a-z0-9]{1,10}", board, re.ASCII):
        raise ConfigError(f"--board {named}: a board's short name has small letters and digits, as biz has.")
    return board


def import_map(over: Path | None) -> ImportMap:
    """The mapping of conf/imports/ with a person's own file over it; raises ConfigError."""
    values = _yaml(DEFAULT_MAP)
    if over is not None:
        values = overlaid(values, _yaml(over))
    read: ImportMap = checked(ImportMap, values, where="imports")
    return read


def _yaml(path: Path) -> dict[str, Any]:
    """A yaml file's mapping, every scalar as text: a column may be called `no`, which yaml calls false."""
    import yaml

    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read as yaml ({str(error).splitlines()[0]}).") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no mapping. Write, for example, `columns: {{time: scraped}}`.")
    return values


@contextmanager
def _store(origin: str, *, dry_run: bool) -> Iterator[Store]:
    home = state_home()
    if dry_run:
        with rehearsal(journal_file(home, origin)) as store:
            yield store
    else:
        with open_journal(home, origin) as journal:
            yield journal.imports
