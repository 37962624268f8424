"""The store of imports: idempotent, never replacing; and its rehearsal, which writes nothing."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from bizmeme.ports.imports import HeldPost, ImportedLabel, ImportedPicture, ImportedPost, ImportedReply
from bizmeme.shell.imports import grouped, rehearsal
from bizmeme.shell.journals import journal_file, open_journal

POST = ImportedPost(
    board="biz", no=7, thread_no=7, posted_at=1_759_924_800, subject="", text="a", replies=3, source=None,
    banned=False, file_deleted=False, tim=1759924800123456, media_md5=None, media_ext=".jpg", media_path=None,
    picture="x.jpg", extra={"mood": ["sad", 1.5, None]},
)  # fmt: skip
LABEL = ImportedLabel("biz", 7, "ann", "bearish", "", None)
REPLY = ImportedReply("biz", 7, "bearish", 0.8, "{}")
PICTURE = ImportedPicture("biz", 7, b"\xff\xd8\xff")


def test_what_is_added_comes_back_as_it_was(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        imports = journal.imports
        assert imports.add_posts([POST, replace(POST, no=8, banned=True)]) == ["new", "new"]
        assert imports.add_labels([LABEL, replace(LABEL, annotator="bob", label=None)]) == ["new", "new"]
        assert imports.add_replies([REPLY]) == ["new"]
        assert imports.add_pictures([PICTURE]) == ["new"]
    with open_journal(tmp_path, "real") as journal:
        assert list(journal.imports.posts()) == [POST, replace(POST, no=8, banned=True)]
        assert list(journal.imports.labels()) == [LABEL, replace(LABEL, annotator="bob", label=None)]
        assert list(journal.imports.replies()) == [REPLY]
        assert list(journal.imports.pictures()) == [PICTURE]
        assert journal.imports.counts() == {"posts": 2, "labels": 2, "replies": 1, "pictures": 1}


def test_adding_the_same_again_changes_nothing_and_something_else_is_a_conflict(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        imports = journal.imports
        imports.add_posts([POST])
        richer = replace(POST, replies=5, extra={}, picture=None)
        others = [replace(POST, text="b"), replace(POST, subject="s"), replace(POST, posted_at=1_759_924_801)]
        assert imports.add_posts([POST, richer, *others]) == ["known", "known", *["conflict"] * 3]
        imports.add_labels([LABEL])
        notes = replace(LABEL, notes="x", labelled_at=5)
        assert imports.add_labels([LABEL, notes, replace(LABEL, label=None)]) == [
            "known",
            "known",
            "conflict",
        ]
        imports.add_replies([REPLY])
        assert imports.add_replies([REPLY, replace(REPLY, label="bullish")]) == ["known", "conflict"]
        imports.add_pictures([PICTURE])
        assert imports.add_pictures([PICTURE, replace(PICTURE, data=b"x")]) == ["known", "conflict"]
        assert list(imports.posts()) == [POST]
        assert list(imports.labels()) == [LABEL]
        assert list(imports.replies()) == [REPLY]
        assert list(imports.pictures()) == [PICTURE]


def test_one_batch_may_hold_a_post_twice(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        outcomes = journal.imports.add_posts([POST, POST, replace(POST, text="b")])
    assert outcomes == ["new", "known", "conflict"]


def test_a_picture_of_many_posts_is_held_once(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.imports.add_pictures([replace(PICTURE, no=no) for no in range(1, 6)])
        assert len(list(journal.imports.pictures())) == 5
    with sqlite3.connect(journal_file(tmp_path, "real")) as database:
        assert database.execute("SELECT COUNT(*) FROM imported_media").fetchone() == (1,)


def test_posts_are_found_by_number_and_by_the_name_of_their_file_unless_several_have_it(
    tmp_path: Path,
) -> None:
    with open_journal(tmp_path, "real") as journal:
        imports = journal.imports
        imports.add_posts([POST])
        assert imports.by_no("biz", 7) == imports.by_tim("biz", 1759924800123456) == HeldPost(7, "", "a")
        assert imports.by_no("g", 7) is None
        assert imports.by_no("biz", 8) is None
        imports.add_posts([replace(POST, no=8)])
        assert imports.by_tim("biz", 1759924800123456) is None


def test_posts_without_a_picture_are_told_from_those_with_one(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.imports.add_posts([POST, replace(POST, no=8)])
        journal.imports.add_pictures([PICTURE])
        assert journal.imports.without_picture([POST, replace(POST, no=8)]) == [replace(POST, no=8)]


def test_a_batch_that_fails_in_the_middle_leaves_nothing_of_it(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        broken = replace(POST, no=8, text="\ud83d")
        try:
            journal.imports.add_posts([POST, broken])
        except UnicodeEncodeError:
            pass
        else:
            raise AssertionError("a lone surrogate went into the database")
        assert journal.imports.counts()["posts"] == 0
        assert journal.imports.add_posts([POST]) == ["new"]


def test_a_rehearsal_answers_as_the_journal_would_and_writes_nothing(tmp_path: Path) -> None:
    file = journal_file(tmp_path, "real")
    with rehearsal(file) as imports:
        assert imports.add_posts([POST, POST]) == ["new", "known"]
    assert not file.exists()
    with open_journal(tmp_path, "real") as journal:
        journal.imports.add_posts([POST])
        journal.imports.add_pictures([PICTURE])
    before = file.read_bytes()
    with rehearsal(file) as imports:
        given = [POST, replace(POST, text="b"), replace(POST, no=8, tim=None), replace(POST, no=8, tim=None)]
        assert imports.add_posts(given) == ["known", "conflict", "new", "known"]
        assert imports.add_labels([LABEL, LABEL]) == ["new", "known"]
        assert imports.without_picture(given[::2]) == [given[2]]
        assert imports.by_tim("biz", 1759924800123456) == HeldPost(7, "", "a")
        assert imports.add_pictures([replace(PICTURE, no=8)]) == ["new"]
    assert file.read_bytes() == before
    with open_journal(tmp_path, "real") as journal:
        assert journal.imports.counts() == {"posts": 1, "labels": 0, "replies": 0, "pictures": 1}


def test_a_rehearsal_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.imports.add_posts([POST])
        writer = sqlite3.connect(journal_file(tmp_path, "real"), isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        with rehearsal(journal_file(tmp_path, "real")) as imports:
            assert imports.add_posts([POST]) == ["known"]
        writer.execute("ROLLBACK")
        writer.close()


def test_pictures_are_grouped_by_their_bytes() -> None:
    pictures = [ImportedPicture("biz", no, b"x" * 40) for no in range(1, 6)]
    assert [len(group) for group in grouped(pictures, most_bytes=100)] == [3, 2]
    assert list(grouped([], most_bytes=100)) == []
