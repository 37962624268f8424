"""sample: whom people label."""

import polars as pl
import pytest

from bizmeme.core.duplicates import tied_pairs
from bizmeme.core.splits import HeldOut, part_of_day, with_day
from bizmeme.shell.parquet import read_table
from bizmeme.shell.ties import fingerprints
from bizmeme.tables import GoldSample, Images, Posts
from tests.stages.pipeline import Pipeline


@pytest.fixture
def drawn(small: Pipeline) -> pl.DataFrame:
    """The sample beside its posts."""
    sample = read_table(GoldSample, small.upto("sample").path("data/gold_sample.parquet"))
    return sample.join(read_table(Posts, small.path("data/posts.parquet")), on=["board", "no"])


def test_only_held_out_days_are_sampled(drawn: pl.DataFrame, small_config: dict[str, object]) -> None:
    held_out = HeldOut.model_validate(small_config["split"])
    assert all(part_of_day(day, held_out, seed=20261122) == "gold" for day in drawn["day"].unique())


def test_no_thread_is_asked_too_often_and_no_picture_twice(
    drawn: pl.DataFrame, small: Pipeline, small_config: dict[str, object]
) -> None:
    most = small_config["sample"]["max_per_thread"]  # type: ignore[index]
    assert drawn.group_by("thread_no").len()["len"].max() <= most
    images = read_table(Images, small.path("data/images.parquet"))
    shown = images.filter(pl.col("sha256").is_in(drawn["image_sha256"].implode()))
    assert len(shown) == len(drawn)
    assert tied_pairs(*fingerprints(shown)) == []


def test_weights_add_up_to_everybody_who_could_have_been_drawn(drawn: pl.DataFrame, small: Pipeline) -> None:
    posts = with_day(read_table(Posts, small.path("data/posts.parquet")))
    gold_days = drawn["day"].unique().implode()
    held_out = posts.filter(pl.col("image_sha256").is_not_null(), pl.col("day").is_in(gold_days))
    distinct = held_out.unique("image_sha256")  # the small world's drawings tie only where they are the same
    most = pl.min_horizontal(pl.col("len"), pl.lit(15))
    could = distinct.group_by("thread_no").len().select(most.sum()).item()
    assert drawn["weight"].sum() == pytest.approx(could, abs=2)
    assert len(drawn) == min(100, could)


def test_roles_share_the_sample_as_configured(drawn: pl.DataFrame) -> None:
    assert (drawn["role"] == "dev").sum() == round(0.25 * len(drawn))


def test_without_a_held_out_day_the_stage_says_what_to_change(small: Pipeline) -> None:
    done = small.upto("sample").run("sample", "split.gold_share=0")
    assert done.returncode == 1
    assert "raise split.gold_share" in done.stderr
    assert small.run("sample").returncode == 0
