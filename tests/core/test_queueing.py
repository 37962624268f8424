"""The queue: most doubtful first, spread out, and never near gold."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.duplicates import tied_pairs
from bizmeme.core.queueing import QUEUED, Spread, doubts, queue

NONE = pl.DataFrame(schema={"board": pl.String, "no": pl.Int64})
MONTHS = (10, 11, 12)


def automatic(*rows: tuple[int, str | None, float | None]) -> pl.DataFrame:
    """Of (no, label, confidence)."""
    types = {"no": pl.Int64, "label": pl.String, "confidence": pl.Float64}
    return pl.DataFrame(rows, schema=types, orient="row").with_columns(board=pl.lit("biz"))


def world(count: int, *, seed: int = 1, **changed: Any) -> pl.DataFrame:
    """So many training posts of three months, two a thread, all pictures and texts unlike each other."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "board": ["biz"] * count,
            "no": range(1, count + 1),
            "thread_no": [1 + number // 2 for number in range(count)],
            "day": [date(2025, MONTHS[number % 3], 1 + number % 28) for number in range(count)],
            "part": ["train"] * count,
            "text": [f"post {number}" for number in range(count)],
            "perceptual_hash": rng.integers(0, 2**64, count, np.uint64, endpoint=False),
            "thumbnail": [rng.bytes(768) for _ in range(count)],
        }
        | changed
    )


def even(posts: pl.DataFrame) -> pl.DataFrame:
    """The later the post, the greater the doubt."""
    return posts.select("board", "no", doubt=pl.col("no") / 1000, why=pl.lit("labeller unsure"))


def keys(*numbers: int) -> pl.DataFrame:
    return pl.DataFrame({"board": ["biz"] * len(numbers), "no": list(numbers)}, schema=NONE.schema)


def queued(
    posts: pl.DataFrame,
    count: int,
    *,
    sampled: pl.DataFrame = NONE,
    before: pl.DataFrame = NONE,
    per_thread: int = 2,
    seed: int = 1,
) -> list[int]:
    how = Spread(count, per_thread, seed)
    found = queue(posts, even(posts), sampled=sampled, queued=before, how=how)
    assert found.columns == QUEUED
    return found["no"].to_list()


def said(*rows: tuple[int, str | None]) -> pl.DataFrame:
    """What labellers answered, a row each, as data/auto_replies.parquet holds it."""
    return automatic(*((no, label, 0.99) for no, label in rows))


def test_a_doubt_is_what_the_best_label_lacks_of_votes_or_probability() -> None:
    replies = said((1, "bearish"), (1, "bullish"), (2, "neutral"), (3, "neutral"), (4, None), (5, "bearish"),
                   (5, "bearish"), (5, None))  # fmt: skip
    labels = automatic(
        (1, None, None), (2, "neutral", 0.55), (3, "neutral", None), (4, None, None), (5, "bearish", 0.5)
    )
    found = {row["no"]: row for row in doubts(replies, labels).iter_rows(named=True)}
    assert list(found) == [1, 2, 3, 5]
    assert [found[no]["doubt"] for no in found] == pytest.approx([0.5, 0.45, 0.0, 0.5])
    assert [found[no]["why"] for no in (1, 2, 5)] == [
        "labellers disagree",
        "labeller unsure",
        "labeller unsure",
    ]


def test_the_student_is_asked_where_it_has_spoken() -> None:
    predicted = keys(1, 9).with_columns(probabilities=pl.Series([[0.4, 0.35, 0.25], [0.2, 0.7, 0.1]]))
    found = doubts(said((1, "bearish")), automatic((1, "bearish", 0.9)), predicted)
    assert found["doubt"].to_list() == pytest.approx([0.6, 0.3])
    assert found["why"].to_list() == ["student unsure", "student unsure"]


def test_what_labellers_disagree_on_comes_before_what_one_is_less_sure_of() -> None:
    posts = world(6, day=[date(2025, 10, 3)] * 6, thread_no=range(1, 7))
    replies = said(
        (1, "bearish"), (2, "bearish"), (2, "neutral"), (3, "bullish"), (4, "bearish"), (4, "bullish")
    )
    labels = automatic((1, "bearish", 0.35), (3, "bullish", 0.9), (2, "bearish", 0.51), (4, None, None))
    predicted = keys(4).with_columns(probabilities=pl.Series([[0.34, 0.33, 0.33]]))
    doubtful = doubts(replies, labels, predicted)
    found = queue(posts, doubtful, sampled=NONE, queued=NONE, how=Spread(6, 2, 1))
    assert found.select("no", "why").rows() == [
        (4, "labellers disagree"),
        (2, "labellers disagree"),
        (1, "labeller unsure"),
        (3, "labeller unsure"),
    ]


def test_of_each_month_the_most_doubtful_come_first() -> None:
    posts = world(30)
    assert queued(posts, 6) == [28, 29, 30, 25, 26, 27]
    assert queued(posts, 4) == [28, 29, 30, 25]


def test_a_month_that_runs_out_leaves_its_places_to_the_others() -> None:
    posts = world(30).with_columns(
        day=pl.when(pl.col("no") > 2).then(date(2025, 11, 3)).otherwise(date(2025, 10, 3))
    )
    assert queued(posts, 6) == [2, 30, 1, 29, 28, 27]


def test_where_there_are_fewer_all_are_taken() -> None:
    assert sorted(queued(world(5), 50)) == [1, 2, 3, 4, 5]
    assert queued(world(5).clear(), 50) == []


def test_a_thread_gives_a_few_posts_even_over_several_calls() -> None:
    posts = world(30, thread_no=[7] * 15 + [8] * 15)
    first = queued(posts, 10, per_thread=3)
    assert sorted(first) == [13, 14, 15, 28, 29, 30]
    assert queued(posts, 10, per_thread=3, before=keys(*first)) == []
    assert len(queued(posts, 10, per_thread=4, before=keys(*first))) == 2


def test_of_near_copies_of_a_picture_one_is_taken_even_over_several_calls() -> None:
    posts = world(12)
    copied = posts["thumbnail"].to_list()
    hashes = posts["perceptual_hash"].to_list()
    for number in (3, 7, 11):
        copied[number], hashes[number] = copied[0], hashes[0] ^ (1 << number)
    posts = posts.with_columns(
        thumbnail=pl.Series(copied), perceptual_hash=pl.Series(hashes, dtype=pl.UInt64)
    )
    first = queued(posts, 12)
    assert {1, 4, 8, 12} & set(first) == {12}
    assert len(first) == 9
    assert sorted(queued(posts, 12, before=keys(1))) == sorted(set(first) - {12})


@pytest.mark.parametrize("part", ["gold", "val", "last", "embargo"])
def test_only_training_days_are_queued(part: str) -> None:
    posts = world(9, part=["train"] * 6 + [part] * 3)
    assert sorted(queued(posts, 9)) == [1, 2, 3, 4, 5, 6]


def test_neither_a_sampled_post_nor_a_copy_of_one_is_queued() -> None:
    posts = world(9, text=["one two three four five six seven eight nine"] * 2 + [""] * 7)
    same = posts["thumbnail"].to_list()
    hashes = posts["perceptual_hash"].to_list()
    same[8], hashes[8] = same[0], hashes[0]
    posts = posts.with_columns(thumbnail=pl.Series(same), perceptual_hash=pl.Series(hashes, dtype=pl.UInt64))
    assert sorted(queued(posts, 9, sampled=keys(1))) == [3, 4, 5, 6, 7, 8]
    as_val = posts.with_columns(part=pl.when(pl.col("no") == 1).then(pl.lit("val")).otherwise("part"))
    assert sorted(queued(as_val, 9)) == [3, 4, 5, 6, 7, 8]


def test_a_post_of_which_nothing_is_said_is_not_queued() -> None:
    posts = world(6)
    found = queue(posts, even(posts).head(3), sampled=NONE, queued=NONE, how=Spread(6, 2, 1))
    assert sorted(found["no"]) == [1, 2, 3]


def test_equal_doubts_are_decided_by_the_seed_and_not_by_the_order_of_rows() -> None:
    posts = world(60)
    equal = even(posts).with_columns(doubt=pl.lit(0.5))

    def drawn(rows: pl.DataFrame, seed: int) -> list[int]:
        how = Spread(12, 2, seed)
        return queue(rows, equal, sampled=NONE, queued=NONE, how=how)["no"].to_list()

    assert drawn(posts, 1) == drawn(posts.sample(fraction=1, shuffle=True, seed=3), 1)
    assert drawn(posts, 1) != drawn(posts, 2)


@given(st.integers(0, 60), st.integers(1, 3), st.integers(0, 5))
def test_whatever_is_asked_for_the_rules_hold(count: int, per_thread: int, seed: int) -> None:
    posts = world(60, seed=seed)
    posts = posts.with_columns(  # five drawings in all: ties abound
        thumbnail=pl.col("thumbnail").gather(pl.col("no") % 5),
        perceptual_hash=pl.col("perceptual_hash").gather(pl.col("no") % 5),
        part=pl.when(pl.col("no") % 7 == 0).then(pl.lit("gold")).otherwise("part"),
    )
    sampled = keys(7) if seed % 2 else NONE
    taken = queued(posts, count, sampled=sampled, per_thread=per_thread, seed=seed)
    rows = posts.filter(pl.col("no").is_in(taken))
    assert len(taken) == len(set(taken)) == min(count, 5 - len(sampled))
    assert set(rows["part"]) <= {"train"}
    assert rows.group_by("thread_no").len()["len"].max() in (None, *range(1, per_thread + 1))
    thumbnails = np.frombuffer(b"".join(rows["thumbnail"]), np.uint8).reshape(-1, 768)
    assert tied_pairs(rows["perceptual_hash"].to_numpy(), thumbnails) == []
