"""A SQLite file of the old scripts: opening posts, labels, and every state that it may be found in."""

import sqlite3
from pathlib import Path

import pytest

from bizmeme.errors import DataError
from bizmeme.ports.imports import ImportedLabel
from tests.dumps.dumping import NOON, composed, database, opened, openings, read

QUICK = {"limits": {"wait_s": "0.2"}}


def labels(*rows: tuple[object, ...]) -> list[tuple[object, ...]]:
    """Rows of training_labels about the first opening post where they begin with None."""
    first = openings()[0].no
    return [(row[0] or first, *row[1:]) for row in rows]


def test_opening_posts_come_back_with_their_counts_and_addresses(tmp_path: Path) -> None:
    result = read(database(tmp_path / "x", openings()))
    assert result.refused == []
    for post, read_post in zip(openings(), result.posts, strict=True):
        assert (read_post.no, read_post.thread_no, read_post.posted_at) == (post.no, post.no, post.posted_at)
        assert read_post.text == composed(post.text)
        assert read_post.source == "4chan"
        assert read_post.replies is not None
        if post.picture:
            assert read_post.tim == post.tim
            assert read_post.media_path == f"/biz/{post.tim}{post.picture.ext}"


def test_ratings_become_labels_with_their_labellers_names(tmp_path: Path) -> None:
    no = openings()[0].no
    rows = labels(
        (None, 1, 0, "sad", "ann", "2025-10-08 12:00"),
        (None, 2, 0, None, "bob", None),
        (None, 3, 0, "", None, NOON),
        (None, None, 1, "no idea", "cid", None),
    )
    result = read(database(tmp_path / "x", openings(), rows))
    assert sorted(result.labels, key=lambda each: each.annotator) == [
        ImportedLabel("biz", no, "ann", "bearish", "sad", NOON),
        ImportedLabel("biz", no, "bob", "neutral", "", None),
        ImportedLabel("biz", no, "cid", None, "no idea", None),
        ImportedLabel("biz", no, "import", "bullish", "", NOON),
    ]
    assert result.refused == []


def test_ratings_outside_one_to_three_are_refused_with_their_rows(tmp_path: Path) -> None:
    rows = labels(
        (None, 0, 0, "", "a", "6"), (None, 4, 0, "", "b", "5"), (None, -1, 0, "", "c", "4"),
        (None, None, 0, "", "d", "3"), (None, "x", 0, "", "e", "2"), ("y", 1, 0, "", "f", "1"),
        (None, 2.5, 0, "", "g", "0"),
    )  # fmt: skip
    result = read(database(tmp_path / "x", openings(), rows))
    assert result.labels == []
    assert result.reasons == [
        ("training_labels row 1", "the rating is none of 1, 2, 3"),
        ("training_labels row 2", "the rating is none of 1, 2, 3"),
        ("training_labels row 3", "the rating is none of 1, 2, 3"),
        ("training_labels row 4", "there is no label, and it was not skipped"),
        ("training_labels row 5", "the label is none of bearish, neutral, bullish"),
        ("training_labels row 6", "the number is no post's"),
        ("training_labels row 7", "the rating is none of 1, 2, 3"),
    ]
    assert [row.value for row in result.refused][:3] == ["0", "4", "-1"]


def test_of_a_persons_several_labels_the_newest_comes_first(tmp_path: Path) -> None:
    rows = labels(
        (None, 1, 0, "", "ann", "2025-10-08 12:00"), (None, 3, 0, "", "ann", "2025-10-09 12:00"),
        (None, 2, 0, "", "ann", "2025-10-07 12:00"),
    )  # fmt: skip
    result = read(database(tmp_path / "x", openings(), rows))
    assert [label.label for label in result.labels] == ["bullish", "bearish", "neutral"]


def test_rows_of_any_type_that_sqlite_holds_are_taken_or_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "x", [])
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE thread_ops")
        file.execute("CREATE TABLE thread_ops (thread_id, op_text, timestamp, reply_count, image_url)")
        file.executemany("INSERT INTO thread_ops VALUES (?, ?, ?, ?, ?)", [
            ("7", "a", float(NOON), "3", None), (8, b"\xff\xfe", NOON * 1000, None, b"x"),
            (9, 5, NOON, 2.5, ""), (12, b"blob", NOON * 1000, None, b"x"),
            (None, "a", NOON, 0, ""), (10, "a\0b", str(NOON), 1, "x"),
        ])  # fmt: skip
        file.execute("INSERT INTO thread_ops SELECT 11, CAST(X'ff41' AS TEXT), 1759924800, 1, ''")
    result = read(path)
    assert [(post.no, post.text, post.replies) for post in result.posts] == [
        (7, "a", 3),
        (12, "blob", None),
        (10, "ab", 1),
    ]
    assert dict(result.reasons) == {
        "thread_ops row 2": "the row is not UTF-8",
        "thread_ops row 3": "the number of replies is none",
        "thread_ops row 5": "the number is no post's",
        "thread_ops row 7": "the row is not UTF-8",
    }


def test_a_file_that_another_program_holds_is_waited_for_and_then_said_to_be_in_use(tmp_path: Path) -> None:
    path = database(tmp_path / "x", openings())
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match=r"x is in use: another program has held it for 0\.2 seconds"):
        opened(path, QUICK)
    writer.execute("COMMIT")
    dump = opened(path, QUICK)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match="is in use"):
        list(dump.batches(None))  # type: ignore[arg-type]
    writer.close()
    assert read(path, QUICK).posts != []


def test_a_writer_beside_us_in_wal_mode_changes_nothing_of_what_is_read(tmp_path: Path) -> None:
    """Posts and labels are of one moment, however long the reading takes."""
    path = database(tmp_path / "x", openings()[:50], labels((None, 1, 0, "", "ann", "2025")))
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    batches = opened(path, {"batch_rows": "10"}).batches(None)  # type: ignore[arg-type]
    found = [next(batches)]
    writer.execute("DELETE FROM thread_ops")
    writer.execute("DELETE FROM training_labels")
    found += batches
    assert sum(len(batch.posts) for batch in found) == 50
    assert sum(len(batch.labels) for batch in found) == 1
    assert read(path).posts == []
    writer.close()


def test_reading_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = database(tmp_path / "x", openings())
    before = path.read_bytes(), path.stat().st_mtime_ns
    read(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_a_wal_file_without_its_log_is_read_where_nothing_may_be_written(tmp_path: Path) -> None:
    from tests.disks import mounted

    with mounted(tmp_path / "disk") as disk:
        path = database(disk.folder / "x", openings())
        with sqlite3.connect(path) as file:
            file.execute("PRAGMA journal_mode=WAL")
        file.close()
        disk.remount("ro")
        assert len(read(path).posts) == len(openings())


def test_a_name_full_of_what_means_something_in_an_address_is_only_a_name(tmp_path: Path) -> None:
    assert len(read(database(tmp_path / "a?mode=rwc&x#%41 é.db", openings())).posts) == len(openings())


def test_without_a_known_table_the_tables_are_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x") as file:
        file.execute("CREATE TABLE memes (no, time, text)")
        file.execute("INSERT INTO memes VALUES (7, 1759924800, 'a')")
        file.execute("CREATE VIEW thread_ops AS SELECT * FROM memes")
    with pytest.raises(
        DataError, match=r"x has no table called thread_ops, training_labels\. Its tables are memes"
    ):
        opened(tmp_path / "x")
    assert [post.no for post in read(tmp_path / "x", {"tables": {"posts": "memes"}}).posts] == [7]


def test_a_mapping_of_labels_means_the_table_of_labels_where_there_is_one(tmp_path: Path) -> None:
    path = database(tmp_path / "x", openings(), labels((None, 1, 0, "", "ann", "2025")))
    assert len(read(path, {"labels": {"label": "sentiment_rating"}}).labels) == 1
    with pytest.raises(DataError, match=r"table training_labels: no column holds the label .*--map"):
        opened(path, {"labels": {"label": "rating_of_mood"}})


def test_a_table_without_a_date_names_itself_and_its_columns(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x") as file:
        file.execute("CREATE TABLE thread_ops (thread_id, op_text, op_tme)")
    with pytest.raises(
        DataError, match=r"x, table thread_ops: no column holds the time .*'op_tme' does.* op_tme\."
    ):
        opened(tmp_path / "x")


def test_a_broken_file_is_one_clear_error(tmp_path: Path) -> None:
    path = database(tmp_path / "x", openings())
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    with pytest.raises(DataError, match="cannot be read as SQLite"):
        read(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read as SQLite"):
        read(path)


def test_a_cell_larger_than_any_post_is_no_reason_to_hold_it(tmp_path: Path) -> None:
    path = database(tmp_path / "x", openings()[:3])
    with sqlite3.connect(path) as file:
        file.execute("UPDATE thread_ops SET op_text = CAST(zeroblob(50000000) AS TEXT)")
    with pytest.raises(DataError, match="cannot be read as SQLite"):
        read(path)
