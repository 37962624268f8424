"""prepare: all labels → train.json, val.json, test.json, picture shards, examples.parquet: leak-free.

Days decide first (core/splits.py): people label posts of gold days and of the last period, val days give the
validation loss, train days train; a thread goes by its opening day. Then whatever in train is near a sampled
or val post (picture or text) is dropped, and whatever in val is near a sampled one. `modality` blinds what is
written, never what is compared.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from bizmeme.core.chat import ChatRow, StudentPrompt, chat_row
from bizmeme.core.gold import gold_hash_of
from bizmeme.core.settings import PositiveInt, Section, Seed, Share
from bizmeme.core.splits import PARTS, HeldOut, Part, with_part
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError
from bizmeme.shell.blinds import Modality, blinded, grey_picture
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import read_table, write_json, write_table
from bizmeme.shell.shards import write_shards
from bizmeme.shell.ties import near
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.examples import Examples
from bizmeme.tables.labels import AutoLabels, GoldSample, HumanLabels
from bizmeme.tables.posts import Images, Posts


class PrepareConfig(Section):
    """What becomes an example, and how its pictures are packed."""

    modality: Modality
    """What train, val and test show: `both`; `text` under a grey picture; `image` with an empty text."""

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
    """The examples, how many rows each rule left out, and how many posts with a picture each part held."""

    examples: pl.DataFrame
    dropped: dict[str, int]
    held: dict[Part, int]


def run(params: Params, workspace: Workspace) -> None:
    """Join, split, drop near copies, blind, write."""
    posts = _with_split(read_table(Posts, workspace.read("data/posts.parquet")), params)
    images = read_table(Images, workspace.read("data/images.parquet"))
    human = read_table(HumanLabels, workspace.read("data/human_labels.parquet"))
    split = _leak_free(_with_labels(posts, human, workspace, params), images)
    if split.examples.filter(pl.col("split") == "train").is_empty():
        raise DataError("No post is left to train on. Collect more days, or lower prepare.min_confidence.")
    examples = blinded(split.examples, params.prepare.modality)
    write_table(Examples, examples, workspace.write("data/examples.parquet"))
    for part in ("train", "val", "test"):
        rows = _chat_rows(examples.filter(pl.col("split") == part), params)
        write_json(rows, workspace.write(f"data/{part}.json"))
    _pack(examples, params, workspace)
    figures = _figures(split, params.labels) | {"gold": gold_hash_of(human)}
    write_json(figures, workspace.write("metrics/prepare.json"))


def _pack(examples: pl.DataFrame, params: Params, workspace: Workspace) -> None:
    """The pictures of train and val as shards in train_images/, those of test in test_images/."""
    store = ImageStore(workspace.read("data/images"))
    grey = grey_picture() if params.prepare.modality == "text" else None

    def read(name: str) -> bytes:
        return grey or store.read(name.removesuffix(".jpg"))

    of_test = pl.col("split") == "test"
    for folder, rows in (("train_images", ~of_test), ("test_images", of_test)):
        names = [f"{sha256}.jpg" for sha256 in examples.filter(rows)["image_sha256"].unique().sort()]
        target = workspace.write(f"data/{folder}/.keep").parent
        write_shards(names, target, read=read, per_shard=params.prepare.pictures_per_shard)


def _with_split(posts: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Posts with a picture, with `day`, `part` and one `text`."""
    parted = with_part(posts, params.split, seed=params.seed).filter(pl.col("image_sha256").is_not_null())
    return parted.with_columns(text=pl.concat_str("subject", "text", separator="\n").str.strip_chars())


def _with_labels(
    posts: pl.DataFrame, human: pl.DataFrame, workspace: Workspace, params: Params
) -> pl.DataFrame:
    """Adds `sampled`, `slice`, `gold` (of role test), `before` (what people said before), and `taught`.

    `taught` is what a training row says: people's word, else the vision API's where it is sure enough.
    """
    sample = read_table(GoldSample, workspace.read("data/gold_sample.parquet"))
    auto = read_table(AutoLabels, workspace.read("data/auto_labels.parquet"))
    _check_vocabulary(human, auto, params.labels)
    key = ["board", "no"]
    gold = human.filter(pl.col("role") == "test").select(*key, "gold").unique()
    before = human.filter(pl.col("role") == "train").select(*key, before="gold").unique()
    sure = auto.filter(pl.col("confidence").fill_null(1.0) >= params.prepare.min_confidence)
    return (
        posts.join(sample.select(*key, "slice", sampled=pl.lit(True)), on=key, how="left")
        .join(gold, on=key, how="left")
        .join(before, on=key, how="left")
        .join(sure.select(*key, auto="label"), on=key, how="left")
        .with_columns(pl.col("sampled").fill_null(False), taught=pl.coalesce("before", "auto"))
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
        "val": ((pl.col("part") == "val") & pl.col("taught").is_not_null(), ~pl.col("near_gold")),
        "train": ((pl.col("part") == "train") & pl.col("taught").is_not_null(), ~pl.col("near_held_out")),
    }
    kept, dropped = [], {}
    for part, (wanted, clean) in rules.items():
        label, people = ("gold", "gold") if part == "test" else ("taught", "before")
        by = pl.when(pl.col(people).is_not_null()).then(pl.lit("human")).otherwise(pl.lit("auto"))
        rows = marked.filter(wanted)
        kept.append(
            rows.filter(clean).select(
                "board", "no", "day", "image_sha256", "text", split=pl.lit(part), label=label,
                labelled_by=by, slice=pl.col("slice") if part == "test" else pl.lit(None, pl.String),
            )
        )  # fmt: skip
        dropped[part] = len(rows) - len(kept[-1])
    held = {part: int((labelled["part"] == part).sum()) for part in PARTS}
    return Split(pl.concat(kept).select(Examples.column_names()), dropped, held)


def _chat_rows(examples: pl.DataFrame, params: Params) -> list[ChatRow]:
    columns = examples.sort("board", "no").select("board", "no", "text", "label", "image_sha256")
    return [
        chat_row(params.prompt, text, label=label, image=f"{sha256}.jpg", key=(board, no))
        for board, no, text, label, sha256 in columns.iter_rows()
    ]


def _figures(split: Split, labels: Labels) -> dict[str, Any]:
    """What metrics/prepare.json holds."""
    figures: dict[str, Any] = {"dropped_as_near_copies": split.dropped, "posts_by_part": split.held}
    for part in ("train", "val", "test"):
        said = split.examples.filter(pl.col("split") == part)["label"]
        figures[part] = {"n": len(said)} | {name: int((said == name).sum()) for name in labels.names}
    return figures
