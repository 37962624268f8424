"""A table that is not what its schema says, or a picture that is not there, stops the stage that reads it."""

from collections.abc import Callable
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest

from bizmeme.errors import DataError
from bizmeme.shell.parquet import read_table
from bizmeme.tables.all import TABLES
from bizmeme.tables.examples import Examples, Predictions
from bizmeme.tables.labels import AutoLabels, AutoReplies, GoldSample, HumanLabels
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawFiles, RawLabels, RawPages, RawPosts, RawReplies
from tests.stages.labelling import forget_replies
from tests.stages.pipeline import Pipeline

pytestmark = pytest.mark.slow

FILES: dict[type[dy.Schema], str] = {
    RawPosts: "data/raw/posts.parquet",
    RawPages: "data/raw/pages.parquet",
    RawFiles: "data/raw/files.parquet",
    RawLabels: "data/raw/labels.parquet",
    RawReplies: "data/raw/replies.parquet",
    Posts: "data/posts.parquet",
    Images: "data/images.parquet",
    GoldSample: "data/gold_sample.parquet",
    HumanLabels: "data/human_labels.parquet",
    AutoReplies: "data/auto_replies.parquet",
    AutoLabels: "data/auto_labels.parquet",
    Examples: "data/examples.parquet",
    Predictions: "data/predictions.parquet",
}
Damage = Callable[[pl.DataFrame, str], pl.DataFrame]
DAMAGES: dict[str, Damage] = {
    "missing": lambda table, key: table.drop(key),
    "renamed": lambda table, key: table.rename({key: f"{key}_"}),
    "retyped": lambda table, key: table.with_columns(pl.lit([1.5]).alias(key)),
    "null": lambda table, key: table.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise(pl.col(key)).alias(key)
    ),
    "duplicate": lambda table, key: pl.concat([table, table.head(1)]),
}


def test_every_table_is_looked_at() -> None:
    assert set(FILES) == set(TABLES)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("schema", FILES, ids=lambda schema: schema.__name__)
def test_a_damaged_table_is_refused_with_its_name_and_the_column(
    small: Pipeline, tmp_path: Path, schema: type[dy.Schema], damage: str
) -> None:
    whole = pl.read_parquet(small.upto("judge").path(FILES[schema]))
    if whole.is_empty():  # nothing was imported into the small world
        whole = schema.sample(3)
    key = schema.primary_key()[-1]
    DAMAGES[damage](whole, key).write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(DataError) as raised:
        read_table(schema, tmp_path / "bad.parquet")
    assert str(tmp_path / "bad.parquet") in str(raised.value)
    assert (key if damage != "duplicate" else "primary_key") in str(raised.value)


@pytest.mark.parametrize(
    ("stage", "file"),
    [
        ("parse", "data/raw/posts.parquet"),
        ("parse", "data/raw/pages.parquet"),
        ("parse", "data/raw/files.parquet"),
        ("sample", "data/images.parquet"),
        ("export_labels", "data/gold_sample.parquet"),
        ("auto_label", "data/human_labels.parquet"),
        ("prepare", "data/auto_labels.parquet"),
        ("evaluate", "data/examples.parquet"),
        ("judge", "data/predictions.parquet"),
    ],
)
@pytest.mark.parametrize("damage", ["duplicate", "cut off"])
def test_a_stage_stops_at_a_bad_table(
    small: Pipeline, tmp_path: Path, stage: str, file: str, damage: str
) -> None:
    fork = small.upto("judge").fork(tmp_path / "fork").thaw()  # a frozen sample is not drawn from pictures
    if damage == "cut off":
        fork.path(file).write_bytes(fork.path(file).read_bytes()[:-20])
    else:
        whole = pl.read_parquet(fork.path(file))
        DAMAGES[damage](whole, "").write_parquet(fork.path(file))
    assert_refused(fork, stage, file)


@pytest.mark.parametrize("stage", ["export_labels", "auto_label", "prepare"])
@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_stage_stops_at_a_picture_hash_without_its_file(
    small: Pipeline, tmp_path: Path, stage: str, damage: str
) -> None:
    fork = small.upto("judge").fork(tmp_path / "fork")
    forget_replies(fork)  # of a post that is answered no picture is sent
    shown = pl.read_parquet(fork.path("data/examples.parquet")).filter(pl.col("split") == "test")
    picture = f"data/images/{shown['image_sha256'][0]}.jpg"
    if damage == "missing":
        fork.path(picture).unlink()
    else:
        fork.path(picture).write_bytes(fork.path(picture).read_bytes() + b"!")
    assert_refused(fork, stage, picture)


def test_training_stops_at_a_row_without_its_picture(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("judge").fork(tmp_path / "fork")
    for shard in fork.path("data/train_images").glob("*.tar"):
        shard.unlink()
    assert_refused(fork, "train", "data/train_images/")


def assert_refused(pipeline: Pipeline, stage: str, named: str) -> None:
    done = pipeline.run(stage)
    assert done.returncode == 1
    assert done.stderr.startswith("DataError: "), done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr
