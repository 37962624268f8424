"""sample: posts and images → the posts that people label: stratified, weighted, each `dev` or `test`.

The population is the held-out days (slice `days`) and the last period (slice `last_period`). Choices such as
the gate's see `dev`, which comes from held-out days alone: nothing but evaluate peeks at the last period.
"""

import polars as pl

from bizmeme.core.duplicates import picture_groups
from bizmeme.core.sampling import Candidate, Drawn, stratified
from bizmeme.core.settings import PositiveInt, Section, Seed
from bizmeme.core.splits import HeldOut, unit_hash, with_part
from bizmeme.errors import DataError
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.shell.ties import fingerprints
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import GoldSample, Images, Posts, RawLabels

Key = tuple[str, int]
KEY = ["board", "no"]
SLICES = {"gold": "days", "last": "last_period"}  # of the parts that core/splits.py names


class SampleConfig(Section):
    """What people are asked to label."""

    size: PositiveInt
    """Posts in all; fewer where the held-out days and the last period have fewer."""

    dev: PositiveInt
    """Posts for pilot and gate (role dev), at most half of those drawn from held-out days."""

    max_per_thread: PositiveInt
    """Posts of one thread at the most, so that no thread speaks for the board."""

    only_labelled: bool
    """Draw from posts alone that people labelled before (`bizmeme import`): they then are the gold."""


class Params(Section):
    """The sections that this stage reads."""

    sample: SampleConfig
    split: HeldOut
    seed: Seed


def run(params: Params, workspace: Workspace) -> None:
    """Draw from held-out days and last period: one post a near-duplicate picture, a few a thread."""
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    images = read_table(Images, workspace.read("data/images.parquet"))
    held_out = _held_out(posts, params)
    if params.sample.only_labelled:
        labels = read_table(RawLabels, workspace.read("data/raw/labels.parquet"))
        held_out = held_out.join(labels, on=KEY, how="semi", maintain_order="left")
    population = _population(held_out, images, params)
    if "days" not in population["slice"]:
        raise DataError(
            f"No {'labelled ' if params.sample.only_labelled else ''}post with a picture falls on a held-out "
            "day. Collect more days, or raise split.gold_days."
        )
    columns = population.select(*KEY, "stratum").iter_rows()
    candidates = [Candidate((board, no), stratum) for board, no, stratum in columns]
    drawn = stratified(candidates, params.sample.size, seed=params.seed)
    write_table(GoldSample, _rows(drawn, population, params), workspace.write("data/gold_sample.parquet"))


def _held_out(posts: pl.DataFrame, params: Params) -> pl.DataFrame:
    """The posts with a picture that may be sampled, with `day`, `slice` and `stratum`."""
    parted = with_part(posts, params.split, seed=params.seed)
    known = parted.with_columns(slice=pl.col("part").replace_strict(SLICES, default=None))
    return known.with_columns(stratum=_stratum(known)).filter(
        pl.col("slice").is_not_null(), pl.col("image_sha256").is_not_null()
    )


def _population(held_out: pl.DataFrame, images: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Columns board, no, day, slice, stratum: whom the sample stands for."""
    distinct = _one_per_picture(held_out.sort("posted_at", "no"), images)
    lots = [unit_hash("thread", params.seed, *key) for key in distinct.select(KEY).iter_rows()]
    drawn_first = pl.col("lot").rank("ordinal").over("board", "thread_no") <= params.sample.max_per_thread
    return (
        distinct.with_columns(lot=pl.Series(lots, dtype=pl.Float64))
        .filter(drawn_first)
        .select(*KEY, "day", "slice", "stratum")
    )


def _one_per_picture(posts: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """The earliest post of each group of near-duplicate pictures."""
    shown = posts.join(images, left_on="image_sha256", right_on="sha256", maintain_order="left")
    groups = picture_groups(*fingerprints(shown))
    return shown.filter(pl.Series([head == index for index, head in enumerate(groups)], dtype=pl.Boolean))


def _stratum(posts: pl.DataFrame) -> pl.Expr:
    """Slice, market period (the month) and whether the thread is among the busier half."""
    replies = posts.group_by("board", "thread_no").len()["len"].median()
    busy = pl.len().over("board", "thread_no") > replies
    return pl.format(
        "{} {} {}",
        pl.col("slice"),
        pl.col("day").dt.strftime("%Y-%m"),
        pl.when(busy).then(pl.lit("busy")).otherwise(pl.lit("quiet")),
    )


def _rows(drawn: list[Drawn[Key]], population: pl.DataFrame, params: Params) -> pl.DataFrame:
    """The drawn posts as the table GoldSample."""
    weights = [{"board": one.key[0], "no": one.key[1], "weight": one.weight} for one in drawn]
    rows = population.join(pl.DataFrame(weights), on=KEY)
    dev = _dev(list(rows.filter(pl.col("slice") == "days").select(KEY).iter_rows()), params)
    roles = ["dev" if key in dev else "test" for key in rows.select(KEY).iter_rows()]
    return rows.with_columns(role=pl.Series(roles, dtype=pl.String)).select(GoldSample.column_names())


def _dev(keys: list[Key], params: Params) -> set[Key]:
    """So many of these posts as configured, at most half of them, chosen by hash."""
    shuffled = sorted(keys, key=lambda key: unit_hash("role", params.seed, *key))
    return set(shuffled[: min(params.sample.dev, len(keys) // 2)])
