"""What the journal holds of a board: threads, posts with their former versions, and validators.

An answer is written down whole, in one transaction: its posts, what it says of their threads, and the
validator that lets the next question be a conditional one. So a kill repeats a question or not, and never
loses a post.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from bizmeme.core.catalog import Changes, Entry, Glimpse, Held
from bizmeme.core.files import Kind, Pending, Wanted, wanted
from bizmeme.shell.file_notes import FileNotes

State = Literal["live", "archived", "deleted", "doubtful", "vanished"]
"""Where a thread stands. doubtful: no longer listed, in no archive, and its page is still there."""

Body = Mapping[str, Any]

_KEPT_S = 7 * 86_400.0  # of archived threads: the board lets their files go after about three days
_THREADS = (
    "SELECT no, state, need, whole, last_modified, replies, images, signs, seen_at, checks, check_at, "
    "archived_on, tail_size FROM threads "
)
_THREAD = (
    "INSERT OR REPLACE INTO threads (source, no, state, need, whole, last_modified, replies, images, signs, "
    "seen_at, checks, check_at, archived_on, tail_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_POST = (
    "INSERT INTO posts (source, no, thread_no, posted_at, digest, has_file, body, first_seen) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, no) DO UPDATE SET digest = excluded.digest, "
    "has_file = excluded.has_file, body = excluded.body"
)
_FORMER = (
    "INSERT OR REPLACE INTO versions SELECT source, no, ?, body FROM posts "
    "WHERE source = ? AND no = ? AND digest != ?"
)
_HELD = "SELECT no FROM posts WHERE source = ? AND no IN (SELECT value FROM json_each(?))"
_RESTORE = (
    "UPDATE posts SET deleted_at = NULL, restored_at = ? "
    "WHERE source = ? AND no = ? AND deleted_at IS NOT NULL"
)
_ENCODE = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as it is held, and what is still to be asked about it."""

    no: int
    held: Held
    state: State = "live"
    need: str = ""  # of core.catalog.Need, or `left`: gone from the catalog, its end not yet known
    seen_at: float = 0.0  # last shown in full by any answer, seconds since 1970
    checks: int = 0  # of a doubtful one
    check_at: float = 0.0
    archived_on: int | None = None
    tail_size: int = 0  # of its tail page, as its own page told; 0: none known

    def listed(self, entry: Entry, *, need: str, whole: bool) -> "Thread":
        """The thread with what a catalog says of it, once that is all known."""
        held = replace(
            self.held,
            last_modified=entry.last_modified,
            replies=entry.replies,
            images=entry.images,
            signs=entry.signs,
            whole=whole,
        )
        return replace(self, held=held, need=need, state="live", checks=0)


@dataclass(frozen=True, slots=True)
class Update:
    """What an answer says of one thread: the thread afterwards, and the posts that changed."""

    thread: Thread
    changes: Changes = field(default_factory=Changes)
    posts: Mapping[int, tuple[Glimpse, Body]] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[Wanted, ...] = ()


class Holdings(FileNotes):
    """The holdings of one source; one process at a time writes them (`journals.alone`)."""

    def open_threads(self) -> dict[int, Thread]:
        """Every thread whose end is not known yet, with its live posts."""
        query = _THREADS + "WHERE source = ? AND (state IN ('live', 'doubtful') OR need != '')"
        return {row[0]: self._thread(row) for row in self._database.execute(query, (self._source,))}

    def thread(self, no: int) -> Thread | None:
        """One thread, however it ended."""
        row = self._database.execute(_THREADS + "WHERE source = ? AND no = ?", (self._source, no)).fetchone()
        return self._thread(row) if row else None

    def finished(self) -> set[int]:
        """Numbers of the threads that are held to their end, as archived."""
        query = "SELECT no FROM threads WHERE source = ? AND need = '' AND state = 'archived'"
        return {row[0] for row in self._database.execute(query, (self._source,))}

    def _thread(self, row: Sequence[Any]) -> Thread:
        no, state, need, whole, last_modified, replies, images, signs, *rest = row
        held = Held(last_modified, replies, images, signs, bool(whole), self._live_posts(no))
        return Thread(no, held, state, need, *rest)

    def _live_posts(self, thread_no: int) -> dict[int, Glimpse]:
        query = (
            "SELECT no, posted_at, digest, has_file FROM posts INDEXED BY posts_by_thread "
            "WHERE source = ? AND thread_no = ? AND deleted_at IS NULL"
        )
        rows = self._database.execute(query, (self._source, thread_no))
        return {no: Glimpse(no, at, digest, bool(has_file)) for no, at, digest, has_file in rows}

    def validator(self, path: str) -> str | None:
        """The Last-Modified of the answer held, verbatim."""
        query = "SELECT last_modified FROM validators WHERE source = ? AND path = ?"
        row = self._database.execute(query, (self._source, path)).fetchone()
        return row[0] if row else None

    def body(self, no: int) -> Body | None:
        """A post as it was last received."""
        return self.bodies([no]).get(no)

    def bodies(self, numbers: Sequence[int]) -> dict[int, Body]:
        """Those posts that are held, as they were last received."""
        query = "SELECT no, body FROM posts WHERE source = ? AND no IN (SELECT value FROM json_each(?))"
        rows = self._database.execute(query, (self._source, json.dumps(numbers)))
        return {no: json.loads(body) for no, body in rows}

    def write(
        self, updates: Iterable[Update], *, now: float, path: str = "", validator: str | None = None
    ) -> int:
        """Write an answer down, all or nothing; how many posts came back from deletion."""
        restored = 0
        with self._journal.transaction():
            for update in updates:
                restored += self._write_posts(update, now)
                self.want(update.files)
                self._database.execute(_THREAD, self._thread_row(update.thread))
            self._note_validator(path, validator)
        return restored

    def _note_validator(self, path: str, validator: str | None) -> None:
        """Hold an answer's validator, or none where it had none: the former one's would hide changes."""
        key = (self._source, path)
        if validator is not None:
            self._database.execute("INSERT OR REPLACE INTO validators VALUES (?, ?, ?)", (*key, validator))
        elif path:
            self._database.execute("DELETE FROM validators WHERE source = ? AND path = ?", key)

    def _write_posts(self, update: Update, now: float) -> int:
        shown = (*update.changes.new, *update.changes.edited)
        held = [no for (no,) in self._database.execute(_HELD, (self._source, json.dumps(shown)))]
        former = ((now, self._source, no, update.posts[no][0].digest) for no in held)
        self._database.executemany(_FORMER, former)
        restored = self._database.executemany(_RESTORE, ((now, self._source, no) for no in held))
        self._database.executemany(_POST, (self._post_row(update, no, now) for no in shown))
        gone = ((now, self._source, no) for no in update.changes.gone)
        self._database.executemany("UPDATE posts SET deleted_at = ? WHERE source = ? AND no = ?", gone)
        return restored.rowcount if held else 0

    def _post_row(self, update: Update, no: int, now: float) -> tuple[Any, ...]:
        glimpse, body = update.posts[no]
        about = (glimpse.posted_at, glimpse.digest, glimpse.has_file)
        return (self._source, no, update.thread.no, *about, _ENCODE(dict(body)), now)

    def _thread_row(self, thread: Thread) -> tuple[Any, ...]:
        held = thread.held
        shown = (thread.need, held.whole, held.last_modified, held.replies, held.images, held.signs)
        rest = (thread.seen_at, thread.checks, thread.check_at, thread.archived_on, thread.tail_size)
        return (self._source, thread.no, thread.state, *shown, *rest)

    # --- what is held

    def posts(self) -> Iterator[dict[str, Any]]:
        """Every post held, by number, with when it came and went."""
        query = (
            "SELECT posts.no, thread_no, body, first_seen, deleted_at, restored_at, threads.state, "
            "archived_on FROM posts "
            "LEFT JOIN threads ON (threads.source, threads.no) = (posts.source, thread_no) "
            "WHERE posts.source = ? ORDER BY posts.no"
        )
        names = (
            "no", "thread_no", "body", "first_seen", "deleted_at", "restored_at", "state", "archived_on",
        )  # fmt: skip
        for row in self._database.execute(query, (self._source,)):
            yield dict(zip(names, row, strict=True))

    def files_shown(self, board: str, kinds: Sequence[Kind], *, now: float) -> Iterator[Pending]:
        """The files of posts that the board may still have; those that it hardly has, as asked for once."""
        query = (
            "SELECT body, COALESCE(archived_on, ?) < ? FROM posts LEFT JOIN threads ON "
            "(threads.source, threads.no) = (posts.source, thread_no) WHERE posts.source = ? "
            "AND deleted_at IS NULL AND COALESCE(state, '') NOT IN ('deleted', 'vanished')"
        )
        for body, late in self._database.execute(query, (now, now - _KEPT_S, self._source)):
            raw = json.loads(body)
            files = (wanted(raw, board=board, kind=kind) for kind in kinds)
            yield from (Pending(file, tries=late, mishaps=late) for file in files if file)
