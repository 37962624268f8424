"""Several sources, one post; several files, one picture."""

from typing import Any

import polars as pl

from bizmeme.core.merging import FOUND, READ, merged, pictured, unserved, with_reasons

PLAIN: dict[str, Any] = {
    "board": "biz", "no": 1, "rank": 0, "source": "board", "thread_no": 1, "posted_at": 1, "subject": "",
    "text": "", "thread_replies": None, "deleted": False, "banned": False, "media_md5": None,
    "media_ext": None, "shows_picture": False, "file_deleted": False, "keys": [],
}  # fmt: skip


def read(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([PLAIN | row for row in rows], schema=READ)


def found(*rows: tuple[str, bool, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=FOUND, orient="row")


def test_the_first_source_has_the_word_and_the_others_add_what_they_alone_know() -> None:
    older = {"rank": 1, "source": "warosu", "text": "old", "deleted": True, "thread_replies": 3}
    (row,) = merged(
        read(older | {"keys": ["b", "a"]}, {"text": "new", "thread_replies": 9, "keys": ["a"]})
    ).iter_rows(named=True)
    assert (row["source"], row["text"], row["deleted"], row["thread_replies"]) == ("board", "new", True, 9)
    assert row["keys"] == ["a", "b"]


def test_a_file_that_one_source_still_has_was_not_deleted() -> None:
    gone, there = (
        {"file_deleted": True},
        {"rank": 1, "media_ext": ".jpg", "shows_picture": True, "keys": ["a"]},
    )
    (row,) = merged(read(gone, there)).iter_rows(named=True)
    assert (row["file_deleted"], row["shows_picture"]) == (False, True)


def test_posts_come_by_board_and_number_whatever_the_order_of_the_sources() -> None:
    rows = merged(read({"no": 3}, {"no": 2, "rank": 1}, {"board": "a", "no": 9}))
    assert list(rows.select("board", "no").iter_rows()) == [("a", 9), ("biz", 2), ("biz", 3)]


def test_a_whole_file_comes_before_a_thumbnail_and_an_earlier_key_before_a_later() -> None:
    posts = merged(read({"keys": ["a", "b"]}, {"no": 2, "keys": ["a"]}, {"no": 3, "keys": ["b", "c"]}))
    shown = pictured(posts, found(("a", True, "small"), ("b", False, "whole"), ("c", False, "other")))
    assert list(shown["image_sha256"]) == ["whole", "small", "whole"]


def test_only_posts_without_a_picture_want_more_files() -> None:
    posts = merged(read({"keys": ["a", "b"]}, {"no": 2, "keys": ["c"]}, {"no": 3}))
    assert unserved(posts, found()) == {"a", "b", "c"}
    assert unserved(posts, found(("a", False, "x"))) == {"c"}


def test_a_post_without_a_picture_says_why() -> None:
    jpg = {"media_ext": ".jpg", "shows_picture": True}
    posts = merged(
        read(
            {"no": 1},
            {"no": 2, "file_deleted": True},
            {"no": 3, "media_ext": ".webm", "media_md5": "m"},
            jpg | {"no": 4, "keys": ["gone"]},
            jpg | {"no": 5, "keys": ["never asked for"]},
            jpg | {"no": 6, "keys": ["held"]},
        )
    )
    shown = with_reasons(pictured(posts, found(("held", False, "x"))), {"gone": "the file is gone"})
    assert list(shown["image_reason"]) == [
        "no file", "the file was deleted", ".webm is not a picture", "the file is gone",
        "the file was not received", None,
    ]  # fmt: skip
