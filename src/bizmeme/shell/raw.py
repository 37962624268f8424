"""The journal's holdings as the rows of data/raw: sorted, in batches, the same for the same journal."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from heapq import merge
from itertools import islice
from typing import Any

import dataframely as dy
import polars as pl

from bizmeme.shell.journal import Journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.shell.parquet import from_rows
from bizmeme.tables.raw import RawFiles, RawLabels, RawPages, RawPosts, RawReplies

IMPORTED = "imported"
"""The section of `source` whose posts `bizmeme import` brought in."""

Row = dict[str, Any]
GROUPS: Mapping[type[dy.Schema], int] = {
    RawPosts: 20_000,
    RawPages: 100,
    RawFiles: 64,
    RawLabels: 50_000,
    RawReplies: 50_000,
}
"""Rows of each table that are held in memory at once."""

_TIMES = ("first_seen", "deleted_at", "restored_at")
_POSTS = (
    "SELECT posts.no, thread_no, posted_at, digest, has_file, body, first_seen, deleted_at, restored_at, "
    "CASE WHEN posts.no = thread_no THEN threads.replies END FROM posts "
    "LEFT JOIN threads ON (threads.source, threads.no) = (posts.source, thread_no) "
    "WHERE posts.source = ? ORDER BY posts.no"
)


class Raw:
    """Everything of some sources that a journal holds; `sources` are sections of `source`, name → board."""

    def __init__(self, journal: Journal, store: MediaStore, sources: Mapping[str, str]) -> None:
        self._journal = journal
        self._store = store
        self._keys = {name: f"{name}/{board}" for name, board in sorted(sources.items())}

    def batches(self, schema: type[dy.Schema]) -> Iterator[pl.DataFrame]:
        """One table's rows, in the order of its key."""
        rows: Mapping[type[dy.Schema], Iterator[Row]] = {
            RawPosts: self._posts(),
            RawPages: self._pages(),
            RawFiles: self._files(),
            RawLabels: self._labels(),
            RawReplies: self._replies(),
        }
        origin = pl.lit(self._journal.origin, pl.String)
        while batch := list(islice(rows[schema], GROUPS[schema])):
            frame = from_rows(schema, batch).with_columns(origin=origin)
            yield frame.select(schema.column_names())

    def _posts(self) -> Iterator[Row]:
        for name, key in self._keys.items():
            yield from self._imported_posts() if name == IMPORTED else self._received(name, key)

    def _received(self, name: str, key: str) -> Iterator[Row]:
        former = self._former(key)
        board = key.partition("/")[2]
        names = ("no", "thread_no", "posted_at", "digest", "has_file", "body", *_TIMES, "replies")
        for values in self._journal.database.execute(_POSTS, (key,)):
            row = dict(zip(names, values, strict=True))
            row |= {name: None if row[name] is None else int(row[name]) for name in _TIMES}
            row |= {"deleted": row["deleted_at"] is not None, "has_file": bool(row["has_file"])}
            yield row | {"source": name, "board": board, "former": former.get(row["no"], [])}

    def _former(self, key: str) -> Mapping[int, list[Row]]:
        """What posts were before they were edited; few ever are."""
        former: dict[int, list[Row]] = defaultdict(list)
        query = "SELECT no, until, body FROM versions WHERE source = ? ORDER BY no, until"
        for no, until, body in self._journal.database.execute(query, (key,)):
            former[no].append({"until": int(until), "body": body})
        return former

    def _imported_posts(self) -> Iterator[Row]:
        for post in self._journal.imports.posts():
            yield {
                "source": IMPORTED, "board": post.board, "no": post.no, "thread_no": post.thread_no,
                "body": post.packed(), "replies": post.replies, "deleted": False, "former": [],
            }  # fmt: skip

    def _pages(self) -> Iterator[Row]:
        for name, key in self._keys.items():
            for held in self._journal.pages(key):
                page = held.page
                yield {
                    "source": name, "path": page.path, "frozen": held.frozen, "status": page.status,
                    "last_modified": page.last_modified, "body": page.body,
                }  # fmt: skip

    def _files(self) -> Iterator[Row]:
        for name, key in self._keys.items():
            brought = self._brought() if name == IMPORTED else iter(())
            yield from merge(self._fetched(name, key), brought, key=lambda row: (row["key"], row["kind"]))

    def _fetched(self, name: str, source: str) -> Iterator[Row]:
        query = "SELECT key, kind, path, status, sha256 FROM media WHERE source = ? ORDER BY key, kind"
        for key, kind, path, status, sha256 in self._journal.database.execute(query, (source,)):
            body = self._store.get(sha256) if sha256 else None
            yield {"source": name, "key": key, "kind": kind, "path": path, "status": status, "body": body}

    def _brought(self) -> Iterator[Row]:
        for key, path, body in self._journal.imports.files():
            yield {"source": IMPORTED, "key": key, "kind": "file", "path": path, "status": "ok", "body": body}

    def _labels(self) -> Iterator[Row]:
        return map(asdict, self._journal.imports.labels() if IMPORTED in self._keys else ())

    def _replies(self) -> Iterator[Row]:
        return map(asdict, self._journal.imports.replies() if IMPORTED in self._keys else ())
