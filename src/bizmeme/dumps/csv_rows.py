"""Rows of a CSV file, one record at a time, whatever is in it.

    no,posted_at,text                   the delimiter is the one that the first line has most of: , ; tab |
    60000412,2025-10-08 12:00,"sell, now"

The file is read in pieces of bounded length, so that one endless line, or a quote left open, costs a refused
row and no memory.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bizmeme.dumps.refusals import UnusableError
from bizmeme.errors import DataError

_PIECE_CHARS = 2**17  # the csv module's own limit for a field
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Record:
    """A row's cells, or why they cannot be told apart; `share` of the file lies behind it."""

    number: int  # 1 is the first one below the header
    cells: Sequence[str]
    problem: UnusableError | None
    share: float


def header(path: Path) -> list[str]:
    """The names of the columns, fewer than two where it is no table; raises DataError for a repeated one."""
    with _opened(path) as file:
        first = file.readline(_PIECE_CHARS)
    try:
        names = [name.strip() for name in next(csv.reader([first], delimiter=_delimiter(first)), [])]
    except csv.Error:
        return []
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if twice:
        raise DataError(f"{path.name}: two columns are called {', '.join(twice)}. Rename one of them.")
    return names


def records(path: Path) -> Iterator[Record]:
    """Every record below the header; empty lines are passed over."""
    size = max(1, path.stat().st_size)
    with _opened(path) as file:
        raw: BinaryIO = file.buffer  # type: ignore[assignment]  # typeshed knows less of it than it can
        pieces = iter(lambda: file.readline(_PIECE_CHARS), "")
        first = next(pieces, "")
        reader = csv.reader(pieces, delimiter=_delimiter(first))
        width = len(next(csv.reader([first], delimiter=_delimiter(first)), []))
        number = 0
        while (read := _next(reader, width)) is not None:
            row, problem = read
            if row or problem:
                number += 1
                yield Record(number, row, problem, min(1.0, raw.tell() / size))


def _next(reader: Iterator[list[str]], width: int) -> tuple[Sequence[str], UnusableError | None] | None:
    try:
        row = next(reader)
    except StopIteration:
        return None
    except csv.Error:
        reason = f"a cell is longer than {_PIECE_CHARS:,} characters: a quote may have been left open"
        return (), UnusableError(reason)
    if row and len(row) != width:
        return row, UnusableError("the row has more or fewer cells than the first line", len(row))
    return row, None


def _opened(path: Path) -> io.TextIOWrapper:
    # Bytes that are no UTF-8 come as surrogates: rows that hold them are refused one by one.
    return path.open("r", encoding="utf-8-sig", errors="surrogateescape", newline="")


def _delimiter(first: str) -> str:
    return max(_DELIMITERS, key=first.count)
