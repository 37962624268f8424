"""Where journals lie, one SQLite file (WAL, synchronous=FULL) an origin, and who may use one.

Queued experiments share a journal, an account's limits and the board's patience.
"""

import fcntl
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bizmeme.errors import JournalError
from bizmeme.shell.imports import SCHEMA as IMPORTS
from bizmeme.shell.journal import Journal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS origin (name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS pages (
    source TEXT, path TEXT, status INTEGER NOT NULL, last_modified TEXT, body BLOB NOT NULL,
    frozen INTEGER NOT NULL, PRIMARY KEY (source, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS validators (
    source TEXT, path TEXT, last_modified TEXT NOT NULL, PRIMARY KEY (source, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS threads (
    source TEXT, no INTEGER, state TEXT NOT NULL, need TEXT NOT NULL, whole INTEGER NOT NULL,
    last_modified INTEGER NOT NULL, replies INTEGER NOT NULL, images INTEGER NOT NULL, signs TEXT NOT NULL,
    seen_at REAL NOT NULL, checks INTEGER NOT NULL, check_at REAL NOT NULL, archived_on INTEGER,
    tail_size INTEGER NOT NULL, PRIMARY KEY (source, no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS posts (
    source TEXT, no INTEGER, thread_no INTEGER NOT NULL, posted_at INTEGER NOT NULL, digest TEXT NOT NULL,
    has_file INTEGER NOT NULL, body TEXT NOT NULL, first_seen REAL NOT NULL, deleted_at REAL,
    restored_at REAL, PRIMARY KEY (source, no)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS posts_by_thread ON posts (source, thread_no);
CREATE TABLE IF NOT EXISTS versions (
    source TEXT, no INTEGER, until REAL, body TEXT NOT NULL, PRIMARY KEY (source, no, until)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS walks (source TEXT PRIMARY KEY, oldest_no INTEGER, oldest_at INTEGER);
CREATE TABLE IF NOT EXISTS covered (
    source TEXT, begins_at INTEGER, ends_at INTEGER NOT NULL, PRIMARY KEY (source, begins_at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS media (
    source TEXT, key TEXT, kind TEXT, path TEXT NOT NULL, longest_px INTEGER NOT NULL, status TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, mishaps INTEGER NOT NULL DEFAULT 0, sha256 TEXT, width_px INTEGER,
    height_px INTEGER, animated INTEGER, PRIMARY KEY (source, key, kind)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS media_wanted ON media (source, tries, kind DESC, path) WHERE status = 'wanted';
CREATE INDEX IF NOT EXISTS media_held ON media (key, kind) WHERE status = 'ok';
CREATE TABLE IF NOT EXISTS kinds (source TEXT, kind TEXT, PRIMARY KEY (source, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gold (
    board TEXT, no INTEGER, batch INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (board, no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asks (
    ask INTEGER PRIMARY KEY, request_hash TEXT NOT NULL, model TEXT NOT NULL, reserved_usd REAL NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0, cost_usd REAL, reply TEXT, labeller TEXT, asked_at REAL, took_s REAL,
    tokens INTEGER, batch INTEGER);
CREATE INDEX IF NOT EXISTS asks_by_request ON asks (request_hash);
CREATE INDEX IF NOT EXISTS asks_by_money ON asks (answered, reserved_usd, cost_usd);
CREATE TABLE IF NOT EXISTS batches (
    batch INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, labeller TEXT NOT NULL, model TEXT NOT NULL,
    name TEXT, state TEXT NOT NULL, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS given_up (request_hash TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""
# Columns that journals made by earlier versions lack, by table; and the indexes that need them.
_LATER = {
    "media": {
        "longest_px": "INTEGER NOT NULL DEFAULT 0",
        "mishaps": "INTEGER NOT NULL DEFAULT 0",
        "width_px": "INTEGER",
        "height_px": "INTEGER",
        "animated": "INTEGER",
    },
    "asks": {
        "labeller": "TEXT",
        "asked_at": "REAL",
        "took_s": "REAL",
        "tokens": "INTEGER",
        "batch": "INTEGER",
    },
}
_LATER_INDEXES = """
CREATE INDEX IF NOT EXISTS asks_by_time ON asks (labeller, asked_at, batch, tokens);
CREATE INDEX IF NOT EXISTS asks_by_batch ON asks (batch) WHERE batch IS NOT NULL;
"""
_BUSY_TIMEOUT_S = 60


def journal_file(home: Path, origin: str) -> Path:
    """Where the journal of `origin` lies, or would."""
    return home / "journals" / f"{origin}.sqlite"


@contextmanager
def open_journal(home: Path, origin: str) -> Iterator[Journal]:
    """Open or create the journal of `origin` below `home`; raises JournalError where it is another's."""
    file = journal_file(home, origin)
    try:
        database = _connected(file)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(file, error) from error
    try:
        _claim(database, origin)
        yield Journal(database, origin, home)
    except sqlite3.Error as error:
        raise _unusable(file, error) from error
    finally:
        database.close()


@contextmanager
def alone(home: Path, origin: str, *, doing: str) -> Iterator[None]:
    """Hold the right to do this for the journal of `origin`; wait, and say so, while another process does.

    Whoever comes second then finds in the journal what the first one received. The lock ends with its
    process, however that ends.
    """
    file = home / "journals" / f"{origin}.{doing}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another run is {doing} for this journal: waiting for it to end.", file=sys.stderr)  # noqa: T201
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _connected(file: Path) -> sqlite3.Connection:
    """Connect and make what is missing, one process at a time: WAL mode cannot be set by two at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # polars draws rows out of it in a thread of its own while ours waits: one at a time all the same.
        database = sqlite3.connect(file, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
        try:
            database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA + IMPORTS)
            _widen(database)
        except BaseException:
            database.close()
            raise
    return database


def _widen(database: sqlite3.Connection) -> None:
    """Bring an older journal's tables up to date; what they hold stays."""
    for table, columns in _LATER.items():
        held = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        for name, kind in columns.items():
            if name not in held:
                database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    database.executescript(_LATER_INDEXES)


def _unusable(file: Path, error: Exception) -> JournalError:
    return JournalError(
        f"The journal {file} cannot be used ({error}). Check that $BIZMEME_HOME is writable and has room; "
        "what it holds is not lost."
    )


def _claim(database: sqlite3.Connection, origin: str) -> None:
    with database:
        database.execute("INSERT INTO origin SELECT ? WHERE NOT EXISTS (SELECT 1 FROM origin)", (origin,))
        row = database.execute("SELECT name FROM origin").fetchone()
        if row[0] != origin:
            raise JournalError(
                f"This journal belongs to '{row[0]}', the configuration to '{origin}'. Journals are not "
                "mixed: move the file away, or select the world that it belongs to."
            )
