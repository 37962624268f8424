"""auto_label: which posts are asked about, and which share a question."""

from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from bizmeme.shell.parquet import read_table, write_table
from bizmeme.tables.posts import Images, Posts
from tests.stages.labelling import KEY, Labelling, World, unpaid
from tests.stages.pipeline import Pipeline


@pytest.fixture
def fresh(small: Pipeline, tmp_path: Path) -> Labelling:
    """The small pipeline before anything was paid."""
    return unpaid(small, tmp_path / "fresh")


def test_near_copies_share_a_request_and_other_words_or_pictures_do_not(
    fresh: Labelling, served: World
) -> None:
    posts = read_table(Posts, fresh.folder / "data/posts.parquet").sort("posted_at", *KEY)
    shown = posts.filter(pl.col("image_sha256").is_not_null()).with_row_index()
    first, near = near_pair(shown.join(pictures(fresh), on="image_sha256", maintain_order="left"))
    assert shown["image_sha256"][first] != shown["image_sha256"][near]
    other, copy, *_ = (place for place in range(len(shown) - 3, len(shown)) if place != near)

    def as_first(column: str, *those: int) -> pl.Expr:
        numbers = [shown["no"][place] for place in those]
        value = pl.lit(shown[column][first])
        return pl.when(pl.col("no").is_in(numbers)).then(value).otherwise(column).alias(column)

    changed = posts.with_columns(
        as_first("text", near, other), as_first("subject", near, other), as_first("image_sha256", copy)
    )
    write_table(Posts, changed.sort(KEY), fresh.folder / "data/posts.parquet")
    fresh.run(served)
    rows = {row["no"]: row for row in fresh.replies.iter_rows(named=True)}
    asked, shared, *others = (rows[shown["no"][place]] for place in (first, near, other, copy))
    for name in ("request_hash", "label", "reply", "cost_usd"):
        assert asked[name] == shared[name]
    assert asked["request_hash"] not in [row["request_hash"] for row in others]
    assert fresh.held[0] == fresh.replies["request_hash"].n_unique() < len(rows)


def pictures(labelling: Labelling) -> pl.DataFrame:
    return read_table(Images, labelling.folder / "data/images.parquet").rename({"sha256": "image_sha256"})


def near_pair(shown: pl.DataFrame) -> tuple[int, int]:
    """The places of two posts whose pictures are not the same and nearly so, by the rule in its own words."""
    rows = shown.sort("index").rows(named=True)
    for ours, theirs in combinations(rows, 2):
        bits = (ours["perceptual_hash"] ^ theirs["perceptual_hash"]).bit_count()
        if ours["image_sha256"] != theirs["image_sha256"] and bits <= 6:
            apart = [abs(a - b) for a, b in zip(ours["thumbnail"], theirs["thumbnail"], strict=True)]
            if sum(apart) <= 6 * len(apart):
                return ours["index"], theirs["index"]
    raise AssertionError("the small world has no near copies")


def test_a_limit_takes_the_pilot_and_others_and_a_larger_one_the_same_and_more(
    fresh: Labelling, served: World
) -> None:
    fresh.run(served, "auto_label.limit=45")
    some = fresh.labels.select(KEY)
    pilot = fresh.pilot.join(read_table(Posts, fresh.folder / "data/posts.parquet"), on=KEY)
    assert len(some) == 45
    assert pilot.join(some, on=KEY, how="anti").is_empty()
    before = served.asked("openai")
    fresh.run(served, "auto_label.limit=60")
    more = fresh.labels.select(KEY)
    assert len(more) == 60
    assert some.join(more, on=KEY, how="anti").is_empty()
    assert served.asked("openai") - before == 15
    fresh.run(served, "auto_label.limit=1")
    assert sorted(fresh.labels.select(KEY).rows()) == sorted(pilot.select(KEY).rows())
