"""data/raw, pulled into a fresh clone, back into its journal; what that holds already is never replaced."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from bizmeme.ports.imports import ImportedLabel, ImportedPicture, ImportedPost, ImportedReply
from bizmeme.ports.sources import Page
from bizmeme.shell.journal import Held, Journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.shell.parquet import read_batches
from bizmeme.shell.raw import GROUPS, IMPORTED
from bizmeme.tables.raw import RawFiles, RawLabels, RawPages, RawPosts, RawReplies

_BROUGHT = re.compile(r"([a-z0-9]+)/(\d+)")  # the key of a picture that came with an imported post
_KNOWN = " ON CONFLICT DO NOTHING"  # what is held stays
_POST = (
    "INSERT INTO posts (source, no, thread_no, posted_at, digest, has_file, body, first_seen, "
    "deleted_at, restored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" + _KNOWN
)
# Its end is not known, and nobody asks for it again: the catalog takes up those that are still there.
_THREAD = (
    "INSERT INTO threads "
    "VALUES (?, ?, 'vanished', '', 0, 0, COALESCE(?, 0), 0, '', 0, 0, 0, NULL, 0)" + _KNOWN
)
_FORMER = "INSERT INTO versions VALUES (?, ?, ?, ?)" + _KNOWN
# No thumbnail is larger: what was held is not asked for again.
_FILE = (
    "INSERT INTO media (source, key, kind, path, longest_px, status, sha256) "
    "VALUES (?, ?, ?, ?, 250, ?, ?)" + _KNOWN
)


class Restoring:
    """Tables in `folder` → a journal and the files beside it; `sources` as in shell.raw.Raw."""

    def __init__(self, journal: Journal, store: MediaStore, sources: Mapping[str, str], folder: Path) -> None:
        self._journal = journal
        self._store = store
        self._keys = {name: f"{name}/{board}" for name, board in sources.items()}
        self._folder = folder

    def run(self) -> None:
        """Write down every post, page, file, label and reply that the journal lacks."""
        for batch in read_batches(RawPosts, self._folder / "posts.parquet", rows=GROUPS[RawPosts]):
            self._posts(batch)
        for batch in read_batches(RawPages, self._folder / "pages.parquet", rows=GROUPS[RawPages]):
            self._pages(batch)
        for batch in read_batches(RawFiles, self._folder / "files.parquet", rows=GROUPS[RawFiles]):
            self._files(batch)
        imports = self._journal.imports
        for batch in read_batches(RawLabels, self._folder / "labels.parquet", rows=GROUPS[RawLabels]):
            imports.add_labels([ImportedLabel(**row) for row in _rows(batch.drop("origin"))])
        for batch in read_batches(RawReplies, self._folder / "replies.parquet", rows=GROUPS[RawReplies]):
            imports.add_replies([ImportedReply(**row) for row in _rows(batch.drop("origin"))])

    def _posts(self, batch: pl.DataFrame) -> None:
        brought = batch.filter(source=IMPORTED)
        self._journal.imports.add_posts([ImportedPost.unpacked(body) for body in brought["body"]])
        with self._journal.transaction():
            for row in _rows(batch.filter(pl.col("source") != IMPORTED)):
                key = f"{row['source']}/{row['board']}"
                about = ("no", "thread_no", "posted_at", "digest", "has_file", "body")
                times = ("first_seen", "deleted_at", "restored_at")
                self._execute(_POST, key, *(row[name] for name in (*about, *times)))
                self._execute(_THREAD, key, row["thread_no"], row["replies"])
                for each in row["former"]:
                    self._execute(_FORMER, key, row["no"], each["until"], each["body"])

    def _pages(self, batch: pl.DataFrame) -> None:
        columns = ["path", "status", "last_modified", "body", "frozen"]
        for (source,), rows in batch.group_by("source", maintain_order=True):
            held = [Held(Page(*page), frozen) for *page, frozen in rows.select(columns).iter_rows()]
            self._journal.restore_pages(self._keys.get(str(source), str(source)), held)

    def _files(self, batch: pl.DataFrame) -> None:
        for row in _rows(batch):
            brought = _BROUGHT.fullmatch(row["key"]) if row["source"] == IMPORTED else None
            if brought and row["body"] is not None:
                picture = ImportedPicture(brought[1], int(brought[2]), row["body"])
                self._journal.imports.add_pictures([picture])
                continue
            sha256 = None if row["body"] is None else self._store.put(row["body"])
            key = self._keys.get(row["source"], row["source"])
            with self._journal.transaction():
                self._execute(_FILE, key, row["key"], row["kind"], row["path"], row["status"], sha256)

    def _execute(self, statement: str, *values: object) -> None:
        self._journal.database.execute(statement, values)


def _rows(batch: pl.DataFrame) -> Iterator[dict[str, Any]]:
    return batch.iter_rows(named=True)
