"""A parquet table of posts with named columns, read a batch at a time.

    no │ posted_at           │ text             60000412 │ 2025-10-08 12:00:00 │ sell everything

Columns of bytes, lists and structures are left out, and said to be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from bizmeme.dumps.posts import PostReader
from bizmeme.dumps.refusals import chunked
from bizmeme.errors import DataError
from bizmeme.ports.imports import Batch, Places, RefusedRow, Rules

_LEFT_OUT = (pl.Binary, pl.List, pl.Array, pl.Struct, pl.Object)
_WORDS = (pl.String, pl.Categorical, pl.Enum)


class ParquetDump:
    """ports.Dump of one parquet file."""

    kind = "parquet table"
    names_posts = True

    def __init__(self, path: Path, rules: Rules) -> None:
        """Find the columns; raises DataError."""
        self.name = path.name
        self._rules = rules
        with _parquet_errors(path.name):
            table = pl.scan_parquet(path, glob=False)
            types = table.collect_schema()
            self._rows = int(table.select(pl.len()).collect().item())
        self._left_out = [name for name, kind in types.items() if isinstance(kind, _LEFT_OUT)]
        names = [name for name in types if name not in self._left_out]
        self._reader = PostReader(names, rules, where=path.name)
        self.columns = self._reader.held
        longest = max(rules.how.limits.text_chars, rules.how.limits.extra_chars) + 1
        self._table = table.select(
            # Cut here, so that a table that packs huge texts small is never unpacked into Python.
            pl.col(name).cast(pl.String).str.slice(0, longest)
            if isinstance(types[name], _WORDS)
            else pl.col(name)
            for name in names
        )

    def batches(self, places: Places) -> Iterator[Batch]:
        """Every row, in order."""
        reason = "columns of bytes, lists and structures are left out"
        if self._left_out:
            yield Batch(
                refused=[RefusedRow(self.name, "the table", "file", reason, ", ".join(self._left_out))]
            )
        with _parquet_errors(self.name):
            yield from chunked(self._read(), self._rules.how.batch_rows)

    def _read(self) -> Iterator[Batch]:
        number = 0
        for frame in self._table.collect_batches(chunk_size=self._rules.how.batch_rows):
            for row in frame.iter_rows():
                number += 1
                read = self._reader.read(row, file=self.name, place=f"row {number}")
                yield Batch(read.posts, read.labels, read.replies, read.refused, number / self._rows)


@contextmanager
def _parquet_errors(name: str) -> Iterator[None]:
    """What polars says of a broken file, a panic included, as our own error."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{name} cannot be read as parquet ({first[:200]}). Write it again, or leave it out; what was "
            "read before is kept."
        ) from error
