"""The posts that a journal holds of one board, from every source, as the frame of core.coverage; their files.

The frame is built in batches straight from the database: a million posts are columns, never objects. Only the
archive's pages have to be read by their parser.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from bizmeme.core.coverage import SCHEMA
from bizmeme.core.files import PICTURES
from bizmeme.core.settings import Plugin
from bizmeme.ports.sources import Source
from bizmeme.shell.builder import build
from bizmeme.shell.journal import Journal

_BATCH = 50_000
_US = 1_000_000
_EXTS = ", ".join(f"'{ext}'" for ext in PICTURES)
# A file may be a video: only the body tells.
_OF_BOARD = (
    "SELECT no, thread_no, posted_at, CASE WHEN has_file AND json_valid(body) "
    f"THEN coalesce(json_extract(body, '$.ext') IN ({_EXTS}), 0) ELSE has_file END, "
    "deleted_at IS NOT NULL FROM posts WHERE source = ?"
)
_IMPORTED = (
    "SELECT no, thread_no, posted_at, NOT file_deleted AND (EXISTS (SELECT 1 FROM imported_pictures AS held "
    "WHERE (held.board, held.no) = (imported_posts.board, imported_posts.no)) "
    f"OR coalesce(media_ext IN ({_EXTS}), 0)), 0 FROM imported_posts WHERE board = ?"
)
Row = tuple[int, int, int, bool, bool]
"""Number, thread, second (UTC), whether it shows a picture, whether it was deleted."""


def held_posts(journal: Journal, sections: Mapping[str, Plugin]) -> pl.DataFrame:
    """Every post of the sources named (board, warosu, imported), each by its section of the configuration."""
    frames = [
        _frame(_ROWS[name](journal, section), name, board_of(section)) for name, section in sections.items()
    ]
    return pl.concat([pl.DataFrame(schema=dict(SCHEMA)), *frames])


def board_of(section: Plugin) -> str:
    """The short name of the board that a source's section names."""
    return str(section.model_dump()["board"])


def _board(journal: Journal, section: Plugin) -> Iterable[Row]:
    return journal.database.execute(_OF_BOARD, (f"board/{board_of(section)}",))


def _imported(journal: Journal, section: Plugin) -> Iterable[Row]:
    return journal.database.execute(_IMPORTED, (board_of(section),))


def _warosu(journal: Journal, section: Plugin) -> Iterator[Row]:
    source: Source = build("source", section)
    held = journal.pages(f"warosu/{board_of(section)}")
    for post in source.read((), (each.page for each in held)):
        pictured = post.media_ext in PICTURES and not post.file_deleted
        yield post.no, post.thread_no, post.posted_at, pictured, post.deleted


_ROWS: Mapping[str, Callable[[Journal, Plugin], Iterable[Row]]] = {
    "board": _board,
    "warosu": _warosu,
    "imported": _imported,
}


def _frame(rows: Iterable[Row], source: str, board: str) -> pl.DataFrame:
    return pl.concat(
        [_columns((), source, board), *(_columns(each, source, board) for each in _batches(rows))]
    )


def _batches(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _columns(rows: Sequence[Row], source: str, board: str) -> pl.DataFrame:
    names = ("no", "thread_no", "posted_at", "picture", "deleted")
    plain = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")
    moment = (pl.col("posted_at") * _US).cast(SCHEMA["posted_at"])
    named = plain.with_columns(moment, source=pl.lit(source), board=pl.lit(board))
    return named.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


@dataclass(frozen=True, slots=True)
class HeldFiles:
    """How many files of one kind (thumbnail, file) of a source have that status."""

    source: str
    kind: str
    status: str
    files: int


def held_files(journal: Journal, sections: Mapping[str, Plugin]) -> list[HeldFiles]:
    """What became of the files that posts show, by source, kind and status; imported pictures are held."""
    query = "SELECT kind, status, COUNT(*) FROM media WHERE source = ? GROUP BY 1, 2 ORDER BY 1, 2"
    found = list[HeldFiles]()
    for name, section in sections.items():
        rows = journal.database.execute(query, (f"{name}/{board_of(section)}",))
        found += [HeldFiles(name, *row) for row in rows]
    if "imported" in sections:
        count = "SELECT COUNT(*) FROM imported_pictures WHERE board = ?"
        held = journal.database.execute(count, (board_of(sections["imported"]),)).fetchone()[0]
        found += [HeldFiles("imported", "file", "ok", held)] if held else []
    return found


def held_edits(journal: Journal, sections: Mapping[str, Plugin]) -> dict[str, int]:
    """How many former versions of posts are held, by source."""
    query = "SELECT COUNT(*) FROM versions WHERE source = ?"
    return {
        name: journal.database.execute(query, (f"{name}/{board_of(section)}",)).fetchone()[0]
        for name, section in sections.items()
    }
