"""One process at a time asks or collects for a journal, and nobody locked out by the dead."""

import multiprocessing
import os
import signal
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bizmeme.errors import JournalError
from bizmeme.shell import journals
from bizmeme.shell.file_notes import FileNotes
from bizmeme.shell.journals import alone, journal_file, open_journal
from bizmeme.shell.paying.ledger import Reply, Spending

PATIENCE_S = 60


def hold(home: Path, talk: Connection) -> None:
    with alone(home, "real", doing="asking"):
        talk.send("mine")
        talk.recv()


def test_the_second_waits_for_the_first_and_a_killed_one_lets_go(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(2)]
    workers = [context.Process(target=hold, args=(tmp_path, theirs)) for _, theirs in pipes]
    (first, _), (second, _) = pipes
    workers[0].start()
    assert first.recv() == "mine"
    workers[1].start()
    assert not second.poll(2)  # it waits; that it never comes in early is what counts
    assert workers[0].pid is not None
    os.kill(workers[0].pid, signal.SIGKILL)
    assert second.poll(PATIENCE_S)
    second.recv()
    second.send("done")
    for worker in workers:
        worker.join(PATIENCE_S)
    assert "Another run is asking" in capfd.readouterr().err


def test_other_work_and_other_journals_do_not_wait(tmp_path: Path) -> None:
    with (
        alone(tmp_path, "real", doing="asking"),
        alone(tmp_path, "real", doing="collecting"),
        alone(tmp_path, "sandbox-1", doing="asking"),
    ):
        pass


def test_a_journal_that_cannot_be_used_is_let_go_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(sqlite3.connect(*args, **options))
        return opened[-1]

    file = journal_file(tmp_path, "real")
    file.parent.mkdir()
    file.write_bytes(b"no database" * 500)
    monkeypatch.setattr(journals, "sqlite3", SimpleNamespace(connect=connect, Error=sqlite3.Error))
    with pytest.raises(JournalError, match="cannot be used"), open_journal(tmp_path, "real"):
        pass
    (connection,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


MEDIA = (
    "CREATE TABLE media (source TEXT, key TEXT, kind TEXT, path TEXT NOT NULL, status TEXT NOT NULL, "
    "tries INTEGER NOT NULL DEFAULT 0, sha256 TEXT, PRIMARY KEY (source, key, kind)) WITHOUT ROWID"
)
ASKS = (
    "CREATE TABLE asks (ask INTEGER PRIMARY KEY, request_hash TEXT NOT NULL, model TEXT NOT NULL, "
    "reserved_usd REAL NOT NULL, answered INTEGER NOT NULL DEFAULT 0, cost_usd REAL, reply TEXT)"
)


def test_a_journal_of_an_earlier_version_is_widened_and_keeps_what_it_holds(tmp_path: Path) -> None:
    file = journal_file(tmp_path, "real")
    file.parent.mkdir()
    with sqlite3.connect(file) as database:
        database.execute(MEDIA)
        database.execute("INSERT INTO media VALUES ('board/biz', 'md5', 'file', '/biz/1.jpg', 'ok', 1, 'a')")
        database.execute(ASKS)
        database.execute(
            "INSERT INTO asks VALUES (1, 'h', 'm', 0.5, 1, 0.1, '{}'), (2, 'i', 'm', 0.5, 0, NULL, NULL)"
        )
    database.close()
    for _ in range(2):
        with open_journal(tmp_path, "real") as journal:
            assert list(FileNotes(journal, "board/biz").files()) == [("md5", "file", "/biz/1.jpg", "ok", "a")]
            query = "SELECT longest_px, mishaps, animated FROM media"
            assert journal.database.execute(query).fetchone() == (0, 0, None)
            assert journal.ledger.reply("h") == Reply("{}", 0.1)
            assert journal.ledger.spending() == Spending(0.1, 0.5, 1)
            query = "SELECT labeller, asked_at, took_s, tokens, batch FROM asks"
            assert set(journal.database.execute(query)) == {(None,) * 5}
