"""The posts of a journal as one frame: every source, and what shows a picture."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bizmeme.core.coverage import SCHEMA, SOURCES
from bizmeme.core.files import Pending, Wanted
from bizmeme.core.settings import Plugin
from bizmeme.ports.imports import ImportedPicture, ImportedPost
from bizmeme.shell import held_posts as module
from bizmeme.shell.file_notes import FileNotes
from bizmeme.shell.held_posts import HeldFiles, held_edits, held_files, held_posts
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal

NOON = 1_759_924_800  # 2025-10-08 12:00 UTC
SECTIONS = {name: Plugin.model_validate({"name": name, "board": "biz"}) for name in ("board", "imported")}


def put(journal: Journal, no: int, *, deleted: bool = False, board: str = "biz", **body: Any) -> None:
    """A post of the board, as its collector keeps it."""
    row = (
        f"board/{board}",
        no,
        1,
        NOON + no,
        "d",
        "ext" in body,
        json.dumps(body),
        0.0,
        1.0 if deleted else None,
    )
    with journal.transaction():
        journal.database.execute(
            "INSERT INTO posts (source, no, thread_no, posted_at, digest, has_file, body, first_seen, "
            "deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )


def imported(no: int, **named: Any) -> ImportedPost:
    usual: dict[str, Any] = {
        "board": "biz", "no": no, "thread_no": no, "posted_at": NOON, "subject": "", "text": "",
        "replies": None, "source": None, "banned": False, "file_deleted": False, "tim": None,
        "media_md5": None, "media_ext": None, "media_path": None, "picture": None, "extra": {},
    }  # fmt: skip
    return ImportedPost(**usual | named)


def test_a_video_is_no_picture_and_a_deleted_post_is_marked(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        put(journal, 1, ext=".jpg")
        put(journal, 2, ext=".webm")
        put(journal, 3, deleted=True)
        put(journal, 4, ext=".png", board="smg")
        held = held_posts(journal, SECTIONS)
    assert dict(held.schema) == dict(SCHEMA)
    assert held.select("source", "no", "thread_no", "picture", "deleted").rows() == [
        ("board", 1, 1, True, False), ("board", 2, 1, False, False), ("board", 3, 1, False, True),
    ]  # fmt: skip
    assert held["posted_at"][0] == datetime.fromtimestamp(NOON + 1, UTC)


def test_an_imported_post_shows_a_picture_where_its_row_or_its_file_says_so(tmp_path: Path) -> None:
    rows = [
        imported(1), imported(2, media_ext=".png"), imported(3), imported(4, media_ext=".webm"),
        imported(5, media_ext=".jpg", file_deleted=True), imported(6, board="smg", media_ext=".png"),
    ]  # fmt: skip
    with open_journal(tmp_path, "real") as journal:
        journal.imports.add_posts(rows)
        journal.imports.add_pictures([ImportedPicture("biz", 3, b"\xff\xd8\xff")])
        held = held_posts(journal, SECTIONS)
        assert held_files(journal, SECTIONS) == [HeldFiles("imported", "file", "ok", 1)]
    assert dict(held.select("no", "picture").rows()) == {1: False, 2: True, 3: True, 4: False, 5: False}


def test_a_journal_longer_than_a_batch_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 3)
    with open_journal(tmp_path, "real") as journal:
        for no in range(1, 9):
            put(journal, no)
        assert held_posts(journal, SECTIONS)["no"].to_list() == list(range(1, 9))


def test_an_empty_journal_gives_an_empty_frame_of_all_columns(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        held = held_posts(journal, SECTIONS)
        assert held_files(journal, SECTIONS) == []
        assert held_edits(journal, SECTIONS) == {"board": 0, "imported": 0}
    assert held.is_empty()
    assert dict(held.schema) == dict(SCHEMA)
    assert set(SECTIONS) < set(SOURCES)


def test_files_are_counted_by_kind_and_status(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        notes = FileNotes(journal, "board/biz")
        files = [Wanted(f"md5 {number}", "thumbnail", f"/biz/{number}s.jpg") for number in range(3)]
        notes.note(files)
        notes.note_file(Pending(files[0], tries=1), "ok", sha256="a" * 64)
        found = held_files(journal, SECTIONS)
    assert found == [HeldFiles("board", "thumbnail", "ok", 1), HeldFiles("board", "thumbnail", "wanted", 2)]
