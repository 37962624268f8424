"""A SQLite file: the table thread_ops of opening posts, the table training_labels of people's labels.

    thread_ops       thread_id, subject, op_text, op_text_clean, reply_count, image_url, source, …
    training_labels  thread_id, sentiment_rating (1 to 3), skipped, notes, labeler_id, labeled_at

It is opened read-only, and waited for, for a bounded time, while another program holds it. Other names of the
tables and columns can be given with --map. Of a person's several labels of one post the newest counts.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from bizmeme.dumps.labels import LabelReader
from bizmeme.dumps.posts import PostReader
from bizmeme.dumps.refusals import UnusableError, chunked
from bizmeme.errors import DataError
from bizmeme.ports.imports import Batch, Places, Rules

_CELL_BYTES = 2**24  # a larger one is refused by SQLite itself
_IN_USE = ("locked", "busy")
_PLACE = '"place of the row"'
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"


class SqliteDump:
    """ports.Dump of one SQLite file."""

    kind = "SQLite file"
    names_posts = True

    def __init__(self, path: Path, rules: Rules) -> None:
        """Find tables and columns; raises DataError."""
        self.name = path.name
        self._path, self._rules = path, rules
        self.columns: dict[str, str] = {}
        with _opened(path, wait_s=rules.how.limits.wait_s) as database:
            self._posts = self._table(database, rules.how.tables.posts)
            self._labels = self._table(database, rules.how.tables.labels)
            if self._posts is None and self._labels is None:
                raise DataError(self._no_table(database))
            self._post_reader = self._label_reader = None
            if self._posts:
                columns = _columns(database, self._posts)
                where = f"{path.name}, table {self._posts}"
                own = _without_labels(rules) if self._labels else rules
                self._post_reader = PostReader(columns, own, where=where, opening=True)
                self.columns |= self._post_reader.held
            if self._labels:
                columns = _columns(database, self._labels)
                self._label_reader = LabelReader(columns, rules, where=f"{path.name}, table {self._labels}")
                held = self._label_reader.held
                self.columns |= {f"labels.{role}": column for role, column in held.items()}

    def batches(self, places: Places) -> Iterator[Batch]:
        """Posts, then labels, of one and the same state of the file."""
        with _opened(self._path, wait_s=self._rules.how.limits.wait_s) as database:
            database.execute("BEGIN")
            total = max(1, sum(_count(database, table) for table in (self._posts, self._labels) if table))
            read = self._read(database, total)
            yield from chunked(read, self._rules.how.batch_rows)

    def _read(self, database: sqlite3.Connection, total: int) -> Iterator[Batch]:
        number = 0
        for place, row in _rows(database, self._posts):
            assert self._post_reader is not None
            number += 1
            read = self._post_reader.read(row, file=self.name, place=place)
            yield Batch(read.posts, read.labels, (), read.refused, number / total)
        for place, row in _rows(database, self._labels, newest_by=self._newest_by()):
            number += 1
            yield self._label(row, place, number / total)

    def _label(self, row: Sequence[object], place: str, share: float) -> Batch:
        assert self._label_reader is not None
        try:
            return Batch(labels=[self._label_reader.label(row)], share=share)
        except UnusableError as error:
            return Batch(refused=[error.row(self.name, place, "label")], share=share)

    def _newest_by(self) -> str | None:
        return self._label_reader.held.get("time") if self._label_reader else None

    def _table(self, database: sqlite3.Connection, names: Sequence[str]) -> str | None:
        there = [row[0] for row in database.execute(_TABLES)]
        return next((name for name in names if name in there), None)

    def _no_table(self, database: sqlite3.Connection) -> str:
        there = ", ".join(row[0] for row in database.execute(_TABLES)) or "none"
        wanted = ", ".join([*self._rules.how.tables.posts, *self._rules.how.tables.labels])
        return (
            f"{self.name} has no table called {wanted}. Its tables are {there}. Write "
            "`tables: {posts: <its table of posts>}` into a file and name it with --map; nothing was read."
        )


def _without_labels(rules: Rules) -> Rules:
    """The rules for a table of posts whose labels have a table of their own."""
    required = tuple(role for role in rules.how.required if not role.startswith("labels."))
    return replace(rules, how=rules.how.model_copy(update={"required": required}))


@contextmanager
def _opened(path: Path, *, wait_s: float) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, to a file that is not trusted; raises DataError."""
    database = None
    try:
        database = _connected(path, wait_s)
        yield database
    except sqlite3.Error as error:
        raise DataError(_told(path, error, wait_s)) from error
    finally:
        if database is not None:
            database.close()


def _connected(path: Path, wait_s: float) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    database = _asked(address, wait_s)
    if database is None and not any(_beside(path)):
        # A file in WAL mode in a folder that is not ours to write: with no log beside it, nothing is missing.
        database = _asked(f"{address}&immutable=1", wait_s)
    if database is None:
        raise sqlite3.OperationalError("unable to open database file")
    return database


def _asked(address: str, wait_s: float) -> sqlite3.Connection | None:
    """A connection that has answered; None where the file cannot be opened in this way."""
    database = sqlite3.connect(address, uri=True, timeout=wait_s, isolation_level=None)
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL_BYTES)
        database.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        database.executescript("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;")
        database.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        database.close()
        if "unable to open" in str(error):
            return None
        raise
    except BaseException:
        database.close()
        raise
    return database


def _beside(path: Path) -> Iterator[bool]:
    for ending in ("-wal", "-journal"):
        log = path.with_name(path.name + ending)
        yield log.exists() and log.stat().st_size > 0


def _told(path: Path, error: sqlite3.Error, wait_s: float) -> str:
    said = str(error)
    if any(word in said for word in _IN_USE):
        return (
            f"{path.name} is in use: another program has held it for {wait_s:g} seconds. Close that program, "
            "or copy the file, and run the same command again; what was read before is kept."
        )
    return (
        f"{path.name} cannot be read as SQLite ({said}). Open it once with the program that wrote it, so "
        "that it is left in order, then run the same command again; what was read before is kept."
    )


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[0] for row in database.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def _count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT COUNT(*) FROM {_quoted(table)}").fetchone()[0])


def _rows(
    database: sqlite3.Connection, table: str | None, *, newest_by: str | None = None
) -> Iterator[tuple[str, Sequence[object]]]:
    """(place, row), in the table's own order; or the newest first, and of those alike the last."""
    if table is None:
        return
    columns = ", ".join(map(_quoted, _columns(database, table)))
    if newest_by is None:
        for place, row in enumerate(database.execute(f"SELECT {columns} FROM {_quoted(table)}"), start=1):
            yield f"{table} row {place}", row
        return
    numbered = f"SELECT ROW_NUMBER() OVER () AS {_PLACE}, {columns} FROM {_quoted(table)}"
    ordered = f"SELECT * FROM ({numbered}) ORDER BY {_quoted(newest_by)} DESC, {_PLACE} DESC"
    for place, *cells in database.execute(ordered):
        yield f"{table} row {place}", cells


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
