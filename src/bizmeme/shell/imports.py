"""What was imported, in the journal's file: posts, labels, automatic labels and picture files.

Every batch is one transaction, and adding is idempotent: a run that was killed and started again, or a second
import of the same file, ends in the same state. What is held is never replaced.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bizmeme.errors import JournalError
from bizmeme.ports.imports import (
    HeldPost,
    ImportedLabel,
    ImportedPicture,
    ImportedPost,
    ImportedReply,
    Outcome,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS imported_posts (
    board TEXT, no INTEGER, thread_no INTEGER NOT NULL, posted_at INTEGER NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, replies INTEGER, source TEXT, banned INTEGER NOT NULL, file_deleted INTEGER NOT NULL,
    tim INTEGER, media_md5 TEXT, media_ext TEXT, media_path TEXT, picture TEXT, extra TEXT NOT NULL,
    PRIMARY KEY (board, no)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS imported_posts_by_tim ON imported_posts (board, tim) WHERE tim IS NOT NULL;
CREATE TABLE IF NOT EXISTS imported_labels (
    board TEXT, no INTEGER, annotator TEXT, label TEXT, notes TEXT NOT NULL, labelled_at INTEGER,
    PRIMARY KEY (board, no, annotator)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS imported_replies (
    board TEXT, no INTEGER, label TEXT NOT NULL, confidence REAL, raw TEXT NOT NULL,
    PRIMARY KEY (board, no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS imported_media (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS imported_pictures (
    board TEXT, no INTEGER, sha256 TEXT NOT NULL REFERENCES imported_media,
    PRIMARY KEY (board, no)) WITHOUT ROWID;
"""
_POST = (
    "board, no, thread_no, posted_at, subject, text, replies, source, banned, file_deleted, tim, media_md5, "
)
_POST += "media_ext, media_path, picture, extra"
_LABEL = "board, no, annotator, label, notes, labelled_at"
_REPLY = "board, no, label, confidence, raw"
_BUSY_TIMEOUT_S = 60
Row = tuple[Any, ...]


class Imports:
    """ports.imports.Store in a journal's database; `held` names a second one that is only looked into."""

    def __init__(self, database: sqlite3.Connection, *, held: str | None = None) -> None:
        self._database = database
        self._schemas = ("main", *filter(None, [held]))

    def add_posts(self, posts: Sequence[ImportedPost]) -> list[Outcome]:
        """Posts; thread, date, subject and text make them the same."""
        with self._transaction():
            return [self._add("posts", _POST, _post_row(each), keys=2, same=4) for each in posts]

    def add_labels(self, labels: Sequence[ImportedLabel]) -> list[Outcome]:
        """Labels; the same person's same word is the same."""
        rows = ((e.board, e.no, e.annotator, e.label, e.notes, e.labelled_at) for e in labels)
        with self._transaction():
            return [self._add("labels", _LABEL, row, keys=3, same=1) for row in rows]

    def add_replies(self, replies: Sequence[ImportedReply]) -> list[Outcome]:
        """Automatic labels; the same word is the same."""
        rows = ((e.board, e.no, e.label, e.confidence, e.raw) for e in replies)
        with self._transaction():
            return [self._add("replies", _REPLY, row, keys=2, same=1) for row in rows]

    def add_pictures(self, pictures: Sequence[ImportedPicture]) -> list[Outcome]:
        """Picture files, each held once whatever number of posts show it."""
        with self._transaction():
            return [self._add_picture(each) for each in pictures]

    def _add_picture(self, picture: ImportedPicture) -> Outcome:
        sha256 = hashlib.sha256(picture.data).hexdigest()
        row = (picture.board, picture.no, sha256)
        outcome = self._add("pictures", "board, no, sha256", row, keys=2, same=1)
        if outcome == "new":
            media = "INSERT INTO main.imported_media VALUES (?, ?) ON CONFLICT DO NOTHING"
            self._database.execute(media, (sha256, picture.data))
        return outcome

    def _add(self, table: str, columns: str, row: Row, *, keys: int, same: int) -> Outcome:
        """Insert a row; where its first `keys` columns are held, the `same` next ones decide what it is."""
        names = columns.split(", ")
        told = ", ".join(names[keys : keys + same])
        where = " AND ".join(f"{name} = ?" for name in names[:keys])
        for schema in self._schemas:
            query = f"SELECT {told} FROM {schema}.imported_{table} WHERE {where}"
            if (held := self._database.execute(query, row[:keys]).fetchone()) is not None:
                return "known" if held == row[keys : keys + same] else "conflict"
        places = ", ".join("?" * len(names))
        self._database.execute(f"INSERT INTO main.imported_{table} ({columns}) VALUES ({places})", row)
        return "new"

    def without_picture(self, posts: Sequence[ImportedPost]) -> list[ImportedPost]:
        """Those of the posts for which no picture file is held."""
        return [post for post in posts if self._held("1", "pictures", "no", post.board, post.no) == []]

    def by_no(self, board: str, no: int) -> HeldPost | None:
        """The post of that number."""
        return self._one("no", board, no)

    def by_tim(self, board: str, tim: int) -> HeldPost | None:
        """The post whose file has that name; None also where several have."""
        return self._one("tim", board, tim)

    def _one(self, column: str, board: str, value: int) -> HeldPost | None:
        found = {
            row[0]: HeldPost(*row) for row in self._held("no, subject, text", "posts", column, board, value)
        }
        return next(iter(found.values())) if len(found) == 1 else None

    def _held(self, columns: str, table: str, column: str, board: str, value: int) -> list[Row]:
        rows: list[Row] = []
        for schema in self._schemas:
            query = f"SELECT {columns} FROM {schema}.imported_{table} WHERE board = ? AND {column} = ?"
            rows += self._database.execute(query, (board, value)).fetchall()
        return rows

    def counts(self) -> dict[str, int]:
        """How many posts, labels, automatic labels and pictures are held."""
        tables = ("posts", "labels", "replies", "pictures")
        count = "SELECT COUNT(*) FROM imported_{}"
        return {name: self._database.execute(count.format(name)).fetchone()[0] for name in tables}

    def posts(self) -> Iterator[ImportedPost]:
        """Every post held, by board and number."""
        for row in self._database.execute(f"SELECT {_POST} FROM imported_posts ORDER BY board, no"):
            held: dict[str, Any] = dict(zip(_POST.split(", "), row, strict=True))
            held |= {name: bool(held[name]) for name in ("banned", "file_deleted")}
            yield ImportedPost(**held | {"extra": json.loads(held["extra"])})

    def labels(self) -> Iterator[ImportedLabel]:
        """Every label held, by post and annotator."""
        for row in self._database.execute(
            f"SELECT {_LABEL} FROM imported_labels ORDER BY board, no, annotator"
        ):
            yield ImportedLabel(*row)

    def replies(self) -> Iterator[ImportedReply]:
        """Every automatic label held, by post."""
        for row in self._database.execute(f"SELECT {_REPLY} FROM imported_replies ORDER BY board, no"):
            yield ImportedReply(*row)

    def pictures(self) -> Iterator[ImportedPicture]:
        """Every post's picture file held, by post."""
        query = (
            "SELECT board, no, body FROM imported_pictures JOIN imported_media USING (sha256) ORDER BY 1, 2"
        )
        for row in self._database.execute(query):
            yield ImportedPicture(*row)

    def files(self) -> Iterator[tuple[str, str, bytes]]:
        """Every post's picture file, by key: board/no, the picture as the row named it, bytes."""
        query = (
            "SELECT board || '/' || no AS key, COALESCE(picture, ''), body FROM imported_pictures "
            "JOIN imported_media USING (sha256) LEFT JOIN imported_posts USING (board, no) ORDER BY key"
        )
        yield from self._database.execute(query)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:
            yield


@contextmanager
def rehearsal(file: Path) -> Iterator[Imports]:
    """A store that answers as the journal in `file` would, and writes nothing there."""
    database = sqlite3.connect("", timeout=_BUSY_TIMEOUT_S, uri=True)  # a temporary file of SQLite's own
    try:
        database.executescript(SCHEMA)
        yield Imports(database, held=_attached(database, file))
    except sqlite3.Error as error:
        raise JournalError(f"The journal {file} cannot be looked into ({error}).") from error
    finally:
        database.close()


def _attached(database: sqlite3.Connection, file: Path) -> str | None:
    """The name of the journal's schema; None where nothing was imported into it yet."""
    if not file.exists():
        return None
    database.execute("ATTACH ? AS journal", (f"file:{quote(str(file))}?mode=ro",))
    query = "SELECT COUNT(*) FROM journal.sqlite_schema WHERE name = 'imported_pictures'"
    return "journal" if database.execute(query).fetchone()[0] else None


def _post_row(post: ImportedPost) -> Row:
    extra = json.dumps(post.extra, sort_keys=True)
    key = (post.board, post.no, post.thread_no, post.posted_at, post.subject, post.text)
    about = (post.replies, post.source, post.banned, post.file_deleted, post.tim, post.media_md5)
    return *key, *about, post.media_ext, post.media_path, post.picture, extra


def grouped(pictures: Iterable[ImportedPicture], *, most_bytes: int) -> Iterator[list[ImportedPicture]]:
    """The pictures in groups of about so many bytes, so that no more are held at once."""
    group, held = list[ImportedPicture](), 0
    for picture in pictures:
        group.append(picture)
        held += len(picture.data)
        if held >= most_bytes:
            yield group
            group, held = [], 0
    if group:
        yield group
