"""sample: whom people label."""

from pathlib import Path

import polars as pl
import pytest

from bizmeme.core.duplicates import picture_groups, tied_pairs
from bizmeme.core.splits import HeldOut, part_of_day, with_part
from bizmeme.shell.parquet import read_table
from bizmeme.shell.ties import fingerprints
from bizmeme.tables import GoldSample, Images, Posts
from tests.stages.pipeline import Pipeline

SEED = 20261122


@pytest.fixture
def drawn(small: Pipeline) -> pl.DataFrame:
    """The sample beside its posts."""
    sample = read_table(GoldSample, small.upto("sample").path("data/gold_sample.parquet"))
    return sample.join(read_table(Posts, small.path("data/posts.parquet")), on=["board", "no"])


@pytest.fixture
def held_out(small_config: dict[str, object]) -> HeldOut:
    """Who is held out in the small experiment."""
    return HeldOut.model_validate(small_config["split"])


def test_held_out_days_and_the_last_period_are_sampled_each_as_its_slice(
    drawn: pl.DataFrame, held_out: HeldOut
) -> None:
    parts = {"days": "gold", "last_period": "last"}
    for day, name in drawn.select("day", "slice").unique().iter_rows():
        assert part_of_day(day, held_out, seed=SEED) == parts[name]
    assert set(drawn["slice"]) == set(parts)
    assert all(stratum.startswith(name) for stratum, name in drawn.select("stratum", "slice").iter_rows())


def test_no_thread_is_asked_too_often_and_no_picture_twice(
    drawn: pl.DataFrame, small: Pipeline, small_config: dict[str, object]
) -> None:
    most = small_config["sample"]["max_per_thread"]  # type: ignore[index]
    assert drawn.group_by("thread_no").len()["len"].max() <= most
    images = read_table(Images, small.path("data/images.parquet"))
    shown = images.filter(pl.col("sha256").is_in(drawn["image_sha256"].implode()))
    assert len(shown) == len(drawn)
    assert tied_pairs(*fingerprints(shown)) == []


@pytest.mark.parametrize(("name", "part"), [("days", "gold"), ("last_period", "last")])
def test_weights_add_up_to_everybody_who_could_have_been_drawn(
    name: str, part: str, drawn: pl.DataFrame, small: Pipeline, held_out: HeldOut
) -> None:
    posts = with_part(read_table(Posts, small.path("data/posts.parquet")), held_out, seed=SEED)
    shown = posts.filter(pl.col("image_sha256").is_not_null(), pl.col("part") == part)
    ours = drawn.filter(pl.col("slice") == name)
    assert ours["weight"].min() >= 1  # type: ignore[operator]
    # Each near-duplicate picture stands for one post, of whichever slice shows it first.
    images = read_table(Images, small.path("data/images.parquet"))
    everywhere = posts.filter(pl.col("part").is_in(["gold", "last"])).sort("posted_at", "no")
    everywhere = everywhere.join(images, left_on="image_sha256", right_on="sha256", maintain_order="left")
    heads = {everywhere["no"][head] for head in picture_groups(*fingerprints(everywhere))}
    most = pl.min_horizontal(pl.len(), pl.lit(15))
    could = shown.filter(pl.col("no").is_in(heads)).group_by("thread_no").agg(most)["len"].sum()
    assert ours["weight"].sum() == pytest.approx(could)


def test_the_sample_is_as_large_as_configured(drawn: pl.DataFrame) -> None:
    assert drawn["weight"].sum() > 120
    assert len(drawn) == 120


def test_dev_posts_are_as_many_as_configured_and_none_is_of_the_last_period(drawn: pl.DataFrame) -> None:
    dev = drawn.filter(pl.col("role") == "dev")
    assert set(dev["slice"]) == {"days"}
    assert len(dev) == min(30, (drawn["slice"] == "days").sum() // 2)
    assert set(drawn.filter(pl.col("role") == "test")["slice"]) == {"days", "last_period"}


def test_dev_leaves_at_least_half_of_the_held_out_days_posts_to_test(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("sample").fork(tmp_path / "fork")
    assert fork.run("sample", "sample.dev=5000").returncode == 0
    days = read_table(GoldSample, fork.path("data/gold_sample.parquet")).filter(pl.col("slice") == "days")
    assert (days["role"] == "dev").sum() == len(days) // 2


def test_without_a_last_period_all_are_of_held_out_days(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("sample").fork(tmp_path / "fork")
    assert fork.run("sample", "split.last_period_from=null").returncode == 0
    assert set(read_table(GoldSample, fork.path("data/gold_sample.parquet"))["slice"]) == {"days"}


def test_without_a_held_out_day_the_stage_says_what_to_change(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("sample").fork(tmp_path / "fork")
    done = fork.run("sample", "split.block_days=3000", "split.gold_days=1")
    assert done.returncode == 1
    assert "raise split.gold_days" in done.stderr
