"""prepare: all labels → train.json, val.json, test.json, picture shards, examples.parquet: leak-free.

Days decide first: people label posts of gold days, val days give the validation loss, the rest trains; a
thread goes by its opening day. Then whatever in train is near a sampled or val post (picture or text) is
dropped, and whatever in val is near a sampled one.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from bizmeme.core.chat import ChatRow, StudentPrompt, chat_row
from bizmeme.core.settings import PositiveInt, Section, Seed, Share
from bizmeme.core.splits import HeldOut, part_of_day, with_day
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError
from bizmeme.shell.parquet import read_table, write_json, write_table
from bizmeme.shell.shards import write_shards
from bizmeme.shell.ties import near
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import AutoLabels, Examples, GoldSample, HumanLabels, Images, Posts


class PrepareConfig(Section):
    """What becomes an example, and how its pictures are packed."""

    min_confidence: Share
    """Labels of the vision API below this are left out; one without a confidence counts as sure."""

    pictures_per_shard: PositiveInt
    """Pictures in one tar file: few large files travel faster than many small ones."""


class Params(Section):
    """The sections that this stage reads."""

    prepare: PrepareConfig
    prompt: StudentPrompt
    split: HeldOut
    labels: Labels
    seed: Seed


@dataclass(frozen=True, slots=True)
class Split:
    """The examples, and how many rows each rule left out."""

    examples: pl.DataFrame
    dropped: dict[str, int]


def run(params: Params, workspace: Workspace) -> None:
    """Join, split, drop near copies, write."""
    posts = _with_split(read_table(Posts, workspace.read("data/posts.parquet")), params)
    images = read_table(Images, workspace.read("data/images.parquet"))
    labelled = _with_labels(posts, workspace, params)
    split = _leak_free(labelled, images)
    if split.examples.filter(pl.col("split") == "train").is_empty():
        raise DataError("No post is left to train on. Collect more days, or lower prepare.min_confidence.")
    write_table(Examples, split.examples, workspace.write("data/examples.parquet"))
    for part in ("train", "val", "test"):
        rows = _chat_rows(split.examples.filter(pl.col("split") == part), params)
        write_json(rows, workspace.write(f"data/{part}.json"))
    learnt = split.examples.filter(pl.col("split") != "test")["image_sha256"].unique().sort()
    files = [workspace.read(f"data/images/{sha256}.jpg") for sha256 in learnt]
    write_shards(
        files, workspace.write("data/train_images/.keep").parent, per_shard=params.prepare.pictures_per_shard
    )
    write_json(_figures(split, params.labels), workspace.write("metrics/prepare.json"))


def _with_split(posts: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Posts with a picture, with `day`, `part` (gold, val, train by day) and one `text`."""
    dated = with_day(posts).filter(pl.col("image_sha256").is_not_null())
    parts = {day: part_of_day(day, params.split, seed=params.seed) for day in dated["day"].unique()}
    text = pl.concat_str("subject", "text", separator="\n").str.strip_chars()
    return dated.with_columns(part=pl.col("day").replace_strict(parts, return_dtype=pl.String), text=text)


def _with_labels(posts: pl.DataFrame, workspace: Workspace, params: Params) -> pl.DataFrame:
    """Adds `sampled`, `gold` (test role only), `auto` (the vision API's label, where sure enough)."""
    sample = read_table(GoldSample, workspace.read("data/gold_sample.parquet"))
    human = read_table(HumanLabels, workspace.read("data/human_labels.parquet"))
    auto = read_table(AutoLabels, workspace.read("data/auto_labels.parquet"))
    _check_vocabulary(human, auto, params.labels)
    key = ["board", "no"]
    gold = human.filter(pl.col("role") == "test").select(*key, "gold").unique()
    sure = auto.filter(pl.col("confidence").fill_null(1.0) >= params.prepare.min_confidence)
    return (
        posts.join(sample.select(*key, sampled=pl.lit(True)), on=key, how="left")
        .join(gold, on=key, how="left")
        .join(sure.select(*key, auto="label"), on=key, how="left")
        .with_columns(pl.col("sampled").fill_null(False))
        .sort(key)
    )


def _check_vocabulary(human: pl.DataFrame, auto: pl.DataFrame, labels: Labels) -> None:
    for table, column, where in ((human, "gold", "human_labels"), (auto, "label", "auto_labels")):
        for word in table[column].drop_nulls().unique():
            labels.check(word, where=f"data/{where}.parquet")


def _leak_free(labelled: pl.DataFrame, images: pl.DataFrame) -> Split:
    """Each part's usable rows, near copies dropped in the direction that keeps gold whole."""
    is_sampled = labelled["sampled"]
    near_gold = near(labelled, images, to=is_sampled)
    near_held_out = near(labelled, images, to=is_sampled | (labelled["part"] == "val"))
    marked = labelled.with_columns(near_gold=near_gold, near_held_out=near_held_out)
    rules = {
        "test": (pl.col("gold").is_not_null(), pl.lit(True)),
        "val": ((pl.col("part") == "val") & pl.col("auto").is_not_null(), ~pl.col("near_gold")),
        "train": ((pl.col("part") == "train") & pl.col("auto").is_not_null(), ~pl.col("near_held_out")),
    }
    kept, dropped = [], {}
    for part, (wanted, clean) in rules.items():
        label, by = ("gold", "human") if part == "test" else ("auto", "auto")
        rows = marked.filter(wanted)
        kept.append(
            rows.filter(clean).select(
                "board", "no", "day", "image_sha256", "text", split=pl.lit(part), label=label,
                labelled_by=pl.lit(by),
            )
        )  # fmt: skip
        dropped[part] = len(rows) - len(kept[-1])
    return Split(pl.concat(kept).select(Examples.column_names()), dropped)


def _chat_rows(examples: pl.DataFrame, params: Params) -> list[ChatRow]:
    columns = examples.sort("board", "no").select("board", "no", "text", "label", "image_sha256")
    return [
        chat_row(params.prompt, text, label=label, image=f"{sha256}.jpg", key=(board, no))
        for board, no, text, label, sha256 in columns.iter_rows()
    ]


def _figures(split: Split, labels: Labels) -> dict[str, Any]:
    """What metrics/prepare.json holds."""
    figures: dict[str, Any] = {"dropped_as_near_copies": split.dropped}
    for part in ("train", "val", "test"):
        said = split.examples.filter(pl.col("split") == part)["label"]
        figures[part] = {"n": len(said)} | {name: int((said == name).sum()) for name in labels.names}
    return figures
