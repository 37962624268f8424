"""sample: whom people label."""

from pathlib import Path

import polars as pl
import pytest

from bizmeme.core.duplicates import tied_pairs
from bizmeme.core.splits import HeldOut, part_of_day, with_part
from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.shell.parquet import read_table
from bizmeme.shell.ties import fingerprints
from bizmeme.stages.compose import composed_yaml
from bizmeme.tables.labels import GoldSample
from bizmeme.tables.posts import Images, Posts
from tests.stages.pipeline import Pipeline

SEED = 20261122
KEY = ["board", "no"]
SAMPLE = "data/gold_sample.parquet"
BEARISH = (
    "sandbox.world.periods=[{regime: fear, days: 7}, {regime: panic, days: 7}, {regime: panic, days: 7}]",
    "sandbox.world.swing=1.0",
    "sample.max_per_thread=5",
    "sample.size=60",
)


@pytest.fixture
def drawn(small: Pipeline) -> pl.DataFrame:
    """The sample beside its posts."""
    return shown(small.upto("sample"))


@pytest.fixture(scope="module")
def skewed(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A world of falling prices, five posts a thread."""
    folder = tmp_path_factory.mktemp("pipeline") / "skewed"
    return Pipeline(folder, "experiment=small", *BEARISH).upto("sample")


def shown(pipeline: Pipeline) -> pl.DataFrame:
    sample = read_table(GoldSample, pipeline.path(SAMPLE))
    return sample.join(read_table(Posts, pipeline.path("data/posts.parquet")), on=KEY)


def population(pipeline: Pipeline, held_out: HeldOut) -> pl.DataFrame:
    """Every post with a picture on held-out days and in the last period, with `part`."""
    posts = with_part(read_table(Posts, pipeline.path("data/posts.parquet")), held_out, seed=SEED)
    return posts.filter(pl.col("image_sha256").is_not_null(), pl.col("part").is_in(["gold", "last"]))


def test_held_out_days_and_the_last_period_are_sampled_each_as_its_slice(
    drawn: pl.DataFrame, held_out: HeldOut
) -> None:
    parts = {"days": "gold", "last_period": "last"}
    for day, name in drawn.select("day", "slice").unique().iter_rows():
        assert part_of_day(day, held_out, seed=SEED) == parts[name]
    assert set(drawn["slice"]) == set(parts)
    assert all(stratum.startswith(name) for stratum, name in drawn.select("stratum", "slice").iter_rows())


@pytest.mark.parametrize(("name", "part"), [("days", "gold"), ("last_period", "last")])
def test_weights_add_up_to_everybody_with_a_picture(
    name: str, part: str, drawn: pl.DataFrame, small: Pipeline, held_out: HeldOut
) -> None:
    ours = drawn.filter(pl.col("slice") == name)
    assert ours["weight"].min() >= 1  # type: ignore[operator]
    everyone = population(small, held_out).filter(part=part)
    assert ours["weight"].sum() == pytest.approx(len(everyone))


def test_the_sample_and_its_shares_are_as_large_as_configured(drawn: pl.DataFrame) -> None:
    assert drawn["weight"].sum() > 120
    assert len(drawn) == 120
    assert (drawn["second"].sum(), drawn["repeat"].sum()) == (18, 6)
    assert (set(drawn["batch"]), drawn["drawn_by"].n_unique()) == ({0}, 1)


def test_dev_posts_are_as_many_as_configured_and_none_is_of_the_last_period(drawn: pl.DataFrame) -> None:
    dev = drawn.filter(pl.col("role") == "dev")
    assert set(dev["slice"]) == {"days"}
    assert len(dev) == min(30, (drawn["slice"] == "days").sum() // 2)
    assert set(drawn.filter(pl.col("role") == "test")["slice"]) == {"days", "last_period"}


def test_in_a_bearish_world_people_see_no_picture_twice_and_no_thread_too_often(
    skewed: Pipeline, held_out: HeldOut
) -> None:
    config = composed_yaml(skewed.path("conf"), ["experiment=small", *BEARISH]).config
    threads = build(SandboxConfig.model_validate(config["sandbox"])).threads.values()
    moods = {post.no: post.mood for thread in threads for post in thread.posts}
    everyone, drawn = population(skewed, held_out), shown(skewed)
    count = [moods[no] for no in everyone["no"]].count
    assert count("bearish") > 2 * count("bullish") > 0
    assert drawn.group_by("thread_no").len()["len"].max() == 5
    pictures = read_table(Images, skewed.path("data/images.parquet"))
    seen = pictures.filter(pl.col("sha256").is_in(drawn["image_sha256"].implode()))
    assert len(seen) == len(drawn) == 60
    assert tied_pairs(*fingerprints(seen)) == []
    assert tied_pairs(*fingerprints(pictures)) != []
    assert drawn["weight"].sum() == pytest.approx(len(everyone))
    rates = {name[0]: (len(rows), rows["weight"].sum()) for name, rows in drawn.group_by("stratum")}
    slowest = max((places - 1) / size for places, size in rates.values() if places > 1)
    assert slowest <= min((places + 1) / size for places, size in rates.values())


def test_the_same_seed_draws_the_same_bytes_and_another_seed_others(skewed: Pipeline, tmp_path: Path) -> None:
    again = skewed.fork(tmp_path / "again").thaw()
    assert again.run("sample").returncode == 0
    assert again.path(SAMPLE).read_bytes() == skewed.path(SAMPLE).read_bytes()
    assert again.run("sample", "seed=5").returncode == 0
    assert not shown(again).select(KEY).equals(shown(skewed).select(KEY))


def test_however_many_are_drawn_no_picture_is_shown_twice(skewed: Pipeline, tmp_path: Path) -> None:
    fork = skewed.fork(tmp_path / "fork").thaw()
    assert fork.run("sample", "sample.size=5000").returncode == 0
    pictures = read_table(Images, fork.path("data/images.parquet"))
    seen = pictures.filter(pl.col("sha256").is_in(shown(fork)["image_sha256"].implode()))
    assert len(seen) == len(shown(fork)) > 80
    assert tied_pairs(*fingerprints(seen)) == []


def test_dev_leaves_at_least_half_of_the_held_out_days_posts_to_test(fork: Pipeline) -> None:
    assert fork.run("sample", "sample.dev=5000").returncode == 0
    days = read_table(GoldSample, fork.path(SAMPLE)).filter(pl.col("slice") == "days")
    assert (days["role"] == "dev").sum() == len(days) // 2


def test_without_a_last_period_all_are_of_held_out_days(fork: Pipeline) -> None:
    assert fork.run("sample", "split.last_period_from=null").returncode == 0
    assert set(read_table(GoldSample, fork.path(SAMPLE))["slice"]) == {"days"}


def test_filters_leave_what_passes_them(fork: Pipeline, held_out: HeldOut) -> None:
    values = ("sources=[warosu]", 'last_day="2025-10-30"', "min_replies=5")
    done = fork.run("sample", *(f"sample.{value}" for value in values))
    assert done.returncode == 0, done.stderr
    drawn = shown(fork)
    assert set(drawn["source"]) == {"warosu"}
    assert str(drawn["day"].max()) == "2025-10-30"
    replies = read_table(Posts, fork.path("data/posts.parquet")).group_by("thread_no").len()
    assert drawn.join(replies, on="thread_no")["len"].min() > 5  # type: ignore[operator]
    assert drawn["weight"].sum() < len(population(fork, held_out))


@pytest.mark.parametrize(
    ("override", "error", "said"),
    [
        ("split.block_days=3000", "DataError", "raise split.gold_days"),
        ("sample.min_replies=5000", "DataError", "passes sample.min_replies"),
        ("sample.sources=[bord]", "ConfigError", "names bord; the posts held stand as board, warosu"),
        ("sample.min_training_left=9000", "GateError", "lower sample.min_training_left"),
    ],
)
def test_where_there_is_no_sample_to_be_had_the_stage_says_what_to_change(
    fork: Pipeline, override: str, error: str, said: str
) -> None:
    done = fork.run("sample", override, *(["split.gold_days=1"] if "block" in override else []))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{error}: "), done.stderr
    assert said in done.stderr


def test_it_says_how_many_posts_are_left_to_train_on(fork: Pipeline, held_out: HeldOut) -> None:
    posts = with_part(read_table(Posts, fork.path("data/posts.parquet")), held_out, seed=SEED)
    left = len(posts.filter(pl.col("image_sha256").is_not_null(), part="train"))
    assert f"sample: {left} posts with a picture on training days" in fork.run("sample").stdout
