"""parse: posts and pictures, one bad file a row with a reason."""

import hashlib
from collections import Counter
from pathlib import Path

import polars as pl

from bizmeme.shell.parquet import read_table
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawPosts
from tests.stages.pipeline import Pipeline


def test_every_post_has_a_picture_or_a_reason_and_every_picture_a_file(small: Pipeline) -> None:
    small.upto("parse")
    posts = read_table(Posts, small.path("data/posts.parquet"))
    images = read_table(Images, small.path("data/images.parquet"))
    assert posts["image_sha256"].is_not_null().sum() > 300
    assert set(posts["image_sha256"].drop_nulls()) == set(images["sha256"])
    for sha256 in images["sha256"]:
        file = small.path(f"data/images/{sha256}.jpg")
        assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def test_broken_deleted_and_moving_files_each_say_why(small: Pipeline) -> None:
    reasons = read_table(Posts, small.upto("parse").path("data/posts.parquet"))["image_reason"].drop_nulls()
    counted = Counter(reasons)
    assert {"no file", "the file was deleted", ".webm is not a picture", ".mp4 is not a picture"} <= set(
        counted
    )
    words = Counter(reason.partition(":")[0] for reason in reasons)
    assert words["empty"] == 1
    assert words["truncated"] == 1
    assert words["too many pixels"] == 1  # 60,000 × 60,000 declared
    assert words["wanted"] == 1  # an error page stands in its place, and may not tomorrow
    assert counted["the file was not received"] > 0  # the archive has its thumbnail alone


def test_a_repost_is_one_picture_of_several_posts(small: Pipeline) -> None:
    posts = read_table(Posts, small.upto("parse").path("data/posts.parquet"))
    assert posts["image_sha256"].drop_nulls().is_duplicated().any()


def test_texts_carry_no_markup(small: Pipeline) -> None:
    texts = read_table(Posts, small.upto("parse").path("data/posts.parquet"))["text"]
    assert texts.str.contains(r"<br>|<wbr>|&gt;|&#039;|<span").sum() == 0
    assert texts.str.contains("(?m)^>").any()


def test_the_same_raw_pages_give_the_same_bytes(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("parse").fork(tmp_path / "fork")
    assert fork.run("parse").returncode == 0
    for name in ("data/posts.parquet", "data/images.parquet"):
        assert fork.path(name).read_bytes() == small.path(name).read_bytes()


def test_a_corrupt_table_stops_with_the_files_name(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("scrape").fork(tmp_path / "fork")
    fork.path("data/raw/pages.parquet").write_bytes(b"PAR1 broken")
    done = fork.run("parse")
    assert done.returncode == 1
    assert "data/raw/pages.parquet cannot be read as parquet" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_board_has_the_word_and_the_archive_tells_what_was_deleted(small: Pipeline) -> None:
    posts = read_table(Posts, small.upto("parse").path("data/posts.parquet"))
    received = read_table(RawPosts, small.path("data/raw/posts.parquet"))
    assert set(posts.filter(source="board")["no"]) == set(received["no"])
    deleted = posts.filter("deleted")
    assert set(deleted["source"]) == {"warosu"}
    assert len(deleted) > 0


def test_posts_outside_the_catalog_keep_their_threads_opening_post(small: Pipeline) -> None:
    posts = read_table(Posts, small.upto("parse").path("data/posts.parquet"))
    openings = set(posts.filter(pl.col("no") == pl.col("thread_no"))["no"])
    assert set(posts["thread_no"]) == openings
