"""data/raw and back: a restored journal shows the same rows, and twice is once."""

from pathlib import Path

from bizmeme.ports.imports import ImportedLabel, ImportedPicture, ImportedPost, ImportedReply
from bizmeme.ports.sources import Page
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore, media_folder
from bizmeme.shell.parquet import write_batches
from bizmeme.shell.raw import GROUPS, Raw
from bizmeme.shell.restoring import Restoring
from bizmeme.stages.scrape import TABLES

SOURCES = {"board": "biz", "imported": "biz", "warosu": "biz"}


def filled(journal: Journal) -> None:
    """One row of every kind at least."""
    run = journal.database.execute
    store = MediaStore(media_folder(journal.home, journal.origin))
    with journal.transaction():
        for no, deleted_at in ((1, None), (2, 9.0)):
            run(
                "INSERT INTO posts VALUES ('board/biz', ?, 1, 5, 'digest', 1, '{}', 6.0, ?, NULL)",
                (no, deleted_at),
            )
        run("INSERT INTO versions VALUES ('board/biz', 2, 8, '{\"was\": 1}')")
        run("INSERT INTO threads VALUES ('board/biz', 1, 'live', '', 1, 5, 7, 0, '', 0, 0, 0, NULL, 0)")
        for source, key, kind, status, data in (
            ("board/biz", "md5", "thumbnail", "ok", b"small"),
            ("board/biz", "md5", "file", "gone", None),
            ("imported/biz", "/biz/4.jpg", "file", "ok", b"fetched"),
            ("warosu/biz", "/data/biz/img/1.jpg", "file", "ok", b"whole"),
        ):
            sha256 = store.put(data) if data else None
            run(
                "INSERT INTO media (source, key, kind, path, longest_px, status, sha256) "
                "VALUES (?, ?, ?, '/path', 125, ?, ?)",
                (source, key, kind, status, sha256),
            )
    journal.keep("warosu/biz", Page("/biz/thread/1", 200, "Mon", b"<html>"), frozen=True)
    journal.keep("warosu/biz", Page("/biz/?page=1#a", 200, None, b"<html>"), frozen=False)
    post = ImportedPost(
        "biz", 3, 3, 5, "sub", "text", 1, "4chan", banned=True, file_deleted=False, tim=1, media_md5=None,
        media_ext=".jpg", media_path=None, picture="a.jpg", extra={"x": 1},
    )  # fmt: skip
    journal.imports.add_posts([post])
    journal.imports.add_labels([ImportedLabel("biz", 3, "ann", None, "hm", 4)])
    journal.imports.add_replies([ImportedReply("biz", 3, "bullish", 0.5, "{}")])
    journal.imports.add_pictures([ImportedPicture("biz", 3, b"brought")])


def shown(journal: Journal) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of data/raw."""
    raw = Raw(journal, MediaStore(media_folder(journal.home, journal.origin)), SOURCES)
    return {
        name: [row for batch in raw.batches(schema) for row in batch.rows()]
        for name, schema in TABLES.items()
    }


def test_a_restored_journal_shows_every_row_again_and_twice_is_once(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    with open_journal(tmp_path / "one", "real") as journal:
        filled(journal)
        before = shown(journal)
        source = Raw(journal, MediaStore(media_folder(journal.home, "real")), SOURCES)
        for name, schema in TABLES.items():
            write_batches(schema, source.batches(schema), raw / f"{name}.parquet", group_rows=GROUPS[schema])
    assert {name: len(rows) for name, rows in before.items()} == {
        "posts": 3, "pages": 2, "files": 5, "labels": 1, "replies": 1,
    }  # fmt: skip
    with open_journal(tmp_path / "two", "real") as journal:
        store = MediaStore(media_folder(journal.home, "real"))
        for _ in range(2):
            Restoring(journal, store, SOURCES, raw).run()
            assert shown(journal) == before
