"""prepare: no copy crosses a split."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from bizmeme.core.duplicates import jaccard, words
from bizmeme.core.gold import gold_hash_of
from bizmeme.core.splits import HeldOut, part_of_day
from bizmeme.shell.blinds import grey_picture
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.shell.shards import read_shards
from bizmeme.tables.examples import Examples
from bizmeme.tables.labels import AutoLabels, GoldSample, HumanLabels
from bizmeme.tables.posts import Images, Posts
from tests.stages.pipeline import Pipeline


@pytest.fixture
def examples(small: Pipeline) -> pl.DataFrame:
    return read_table(Examples, small.upto("prepare").path("data/examples.parquet"))


def test_days_and_threads_do_not_cross(examples: pl.DataFrame, small: Pipeline) -> None:
    posts = read_table(Posts, small.path("data/posts.parquet"))
    for key in ("day", "thread_no"):
        shown = examples.join(posts, on=["board", "no"]).group_by(key).agg(pl.col("split").n_unique())
        assert shown["split"].max() == 1


def test_every_split_is_of_its_own_part_and_the_last_period_never_trains(
    examples: pl.DataFrame, small_config: dict[str, object]
) -> None:
    held_out = HeldOut.model_validate(small_config["split"])
    seen = {
        (row[0], part_of_day(row[1], held_out, seed=20261122))
        for row in examples.select("split", "day").rows()
    }
    assert seen == {("train", "train"), ("val", "val"), ("test", "gold"), ("test", "last")}


def test_every_test_row_has_its_slice_and_no_other_row(examples: pl.DataFrame, small: Pipeline) -> None:
    sample = read_table(GoldSample, small.path("data/gold_sample.parquet"))
    test = examples.filter(pl.col("split") == "test").join(sample, on=["board", "no"], suffix="_drawn")
    assert test["slice"].to_list() == test["slice_drawn"].to_list()
    assert set(test["slice"]) == {"days", "last_period"}
    assert (
        examples.filter(pl.col("split") != "test")["slice"].null_count()
        == (examples["split"] != "test").sum()
    )


def test_a_change_of_gold_changes_its_hash_and_nothing_that_is_trained_on(
    small: Pipeline, tmp_path: Path
) -> None:
    fork = small.upto("prepare").fork(tmp_path / "fork")
    human = read_table(HumanLabels, fork.path("data/human_labels.parquet"))
    gold = human.filter(pl.col("role") == "test", pl.col("gold") == "bearish").row(0, named=True)
    is_it = (pl.col("board") == gold["board"]) & (pl.col("no") == gold["no"])
    changed = human.with_columns(gold=pl.when(is_it).then(pl.lit("neutral")).otherwise("gold"))
    write_table(HumanLabels, changed, fork.path("data/human_labels.parquet"))
    assert fork.run("prepare").returncode == 0
    held, now = (json.loads(one.path("metrics/prepare.json").read_text())["gold"] for one in (small, fork))
    assert (held, now) == (gold_hash_of(human), gold_hash_of(changed))
    assert held != now
    shards = [f"train_images/{file.name}" for file in small.path("data/train_images").glob("*.tar")]
    assert shards
    for name in ("train.json", "val.json", *shards):
        assert fork.path(f"data/{name}").read_bytes() == small.path(f"data/{name}").read_bytes()
    assert fork.path("data/test.json").read_bytes() != small.path("data/test.json").read_bytes()


def test_an_embargo_leaves_its_days_out_and_is_counted(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("prepare").fork(tmp_path / "fork")
    before = json.loads(fork.path("metrics/prepare.json").read_text())["posts_by_part"]
    assert before["embargo"] == 0
    assert min(before[part] for part in ("gold", "val", "train", "last")) > 0
    posts = read_table(Posts, fork.path("data/posts.parquet"))
    assert sum(before.values()) == posts["image_sha256"].is_not_null().sum()
    assert fork.run("prepare", "split.embargo_days=3").returncode == 0
    after = json.loads(fork.path("metrics/prepare.json").read_text())["posts_by_part"]
    assert after["embargo"] == before["train"] + before["val"] - after["train"] - after["val"] > 0
    kept = read_table(Examples, fork.path("data/examples.parquet")).filter(pl.col("split") != "test")
    assert kept["day"].max() < date(2025, 10, 24)  # type: ignore[operator]


def test_nothing_in_train_is_near_a_held_out_post(examples: pl.DataFrame, small: Pipeline) -> None:
    images = read_table(Images, small.path("data/images.parquet"))
    shown = images.rows_by_key("sha256", named=True, unique=True)
    sample = read_table(GoldSample, small.path("data/gold_sample.parquet"))
    posts = read_table(Posts, small.path("data/posts.parquet")).join(sample, on=["board", "no"])
    val = examples.filter(pl.col("split") == "val")
    kept_out = set(posts["image_sha256"]) | set(val["image_sha256"])
    train = examples.filter(pl.col("split") == "train")
    assert len(kept_out) > 50
    # Compared pair by pair here, not through the index that made the split.
    for ours in train["image_sha256"].unique():
        assert not any(alike(shown[ours], shown[theirs]) for theirs in kept_out)
    texts = [words(text) for text in [*posts["text"], *val["text"]] if len(words(text)) >= 8]
    for text in train["text"]:
        if len(words(text)) >= 8:
            assert max(jaccard(words(text), other) for other in texts) < 0.5


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The rule in its own words: at most 6 bits of 64 apart, and at most 6 of 255 on average."""
    if (one["perceptual_hash"] ^ other["perceptual_hash"]).bit_count() > 6:
        return False
    apart = [abs(a - b) for a, b in zip(one["thumbnail"], other["thumbnail"], strict=True)]
    return bool(sum(apart) / len(apart) <= 6)


def test_a_planted_copy_of_a_gold_post_is_dropped_from_train(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("prepare").fork(tmp_path / "fork")
    posts = read_table(Posts, fork.path("data/posts.parquet"))
    train = read_table(Examples, fork.path("data/examples.parquet")).filter(pl.col("split") == "train")
    gold = read_table(GoldSample, fork.path("data/gold_sample.parquet")).join(posts, on=["board", "no"])
    by_picture, by_text = train["no"][0], train["no"][1]
    long = gold.filter(pl.col("text").str.split(" ").list.len() >= 12)
    posts = posts.with_columns(
        image_sha256=pl.when(pl.col("no") == by_picture)
        .then(pl.lit(gold["image_sha256"][0]))
        .otherwise("image_sha256"),
        text=pl.when(pl.col("no") == by_text).then(pl.lit(long["text"][0] + " kek")).otherwise("text"),
    )
    write_table(Posts, posts, fork.path("data/posts.parquet"))
    done = fork.run("prepare")
    assert done.returncode == 0, done.stderr
    kept = read_table(Examples, fork.path("data/examples.parquet"))["no"]
    assert by_picture not in kept
    assert by_text not in kept
    assert jaccard(words(long["text"][0]), words(long["text"][0] + " kek")) >= 0.5


def test_every_row_has_its_picture_its_label_and_one_image_tag(
    examples: pl.DataFrame, small: Pipeline
) -> None:
    folders = {"train": "train_images", "val": "train_images", "test": "test_images"}
    shards = {name: read_shards(small.path(f"data/{name}")) for name in set(folders.values())}
    for split, folder in folders.items():
        rows = json.loads(small.path(f"data/{split}.json").read_text())
        part = examples.filter(pl.col("split") == split).sort("board", "no")
        assert [row["no"] for row in rows] == part["no"].to_list()
        assert [row["messages"][-1]["content"] for row in rows] == part["label"].to_list()
        assert all(row["messages"][1]["content"].count("<image>") == 1 for row in rows)
        assert {name for row in rows for name in row["images"]} <= shards[folder].keys()
        for name in (f"{part['image_sha256'][0]}.jpg", f"{part['image_sha256'][-1]}.jpg"):
            assert shards[folder][name] == small.path(f"data/images/{name}").read_bytes()


def test_text_alone_shows_every_post_under_one_grey_picture(
    examples: pl.DataFrame, small: Pipeline, tmp_path: Path
) -> None:
    fork = small.fork(tmp_path / "fork")
    assert fork.run("prepare", "prepare.modality=text").returncode == 0
    blind = read_table(Examples, fork.path("data/examples.parquet"))
    same = [name for name in blind.columns if name != "image_sha256"]
    assert blind.select(same).equals(examples.select(same))
    (grey,) = blind["image_sha256"].unique()
    for folder in ("train_images", "test_images"):
        assert read_shards(fork.path(f"data/{folder}")) == {f"{grey}.jpg": grey_picture()}
    with Image.open(io.BytesIO(grey_picture())) as picture:
        assert picture.convert("RGB").getcolors() == [(picture.width * picture.height, (128, 128, 128))]


def test_pictures_alone_come_with_an_empty_text(
    examples: pl.DataFrame, small: Pipeline, tmp_path: Path
) -> None:
    fork = small.fork(tmp_path / "fork")
    assert fork.run("prepare", "prepare.modality=image").returncode == 0
    blind = read_table(Examples, fork.path("data/examples.parquet"))
    assert set(blind["text"]) == {""}
    same = [name for name in blind.columns if name != "text"]
    assert blind.select(same).equals(examples.select(same))
    for split in ("train", "val", "test"):
        asked = [
            row["messages"][1]["content"] for row in json.loads(fork.path(f"data/{split}.json").read_text())
        ]
        assert set(asked) == {"<image>Post: \nMood?"}
    for name in ("train_images", "test_images"):
        assert read_shards(fork.path(f"data/{name}")) == read_shards(small.path(f"data/{name}"))


def test_the_vision_apis_gold_labels_never_reach_train(examples: pl.DataFrame, small: Pipeline) -> None:
    gold = read_table(GoldSample, small.path("data/gold_sample.parquet"))
    taught = examples.filter(pl.col("split") != "test").join(gold, on=["board", "no"])
    assert taught.is_empty()
    assert set(examples.filter(pl.col("split") == "test")["labelled_by"]) == {"human"}


def test_a_label_outside_the_vocabulary_stops_with_the_nearest_word(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("prepare").fork(tmp_path / "fork")
    labels = read_table(AutoLabels, fork.path("data/auto_labels.parquet"))
    labels = labels.with_columns(label=pl.col("label").replace({"bullish": "bulish"}))
    write_table(AutoLabels, labels, fork.path("data/auto_labels.parquet"))
    done = fork.run("prepare")
    assert done.returncode == 1
    assert "LabelError: 'bulish' is not a label of conf/labels/mood.yaml" in done.stderr
    assert "Did you mean 'bullish'? Fix data/auto_labels.parquet" in done.stderr
