"""sample: posts and images → the posts that people label: stratified, weighted, each `dev` or `test`."""

import polars as pl

from bizmeme.core.duplicates import picture_groups
from bizmeme.core.sampling import Candidate, Drawn, stratified
from bizmeme.core.settings import PositiveInt, Section, Seed, Share
from bizmeme.core.splits import HeldOut, part_of_day, unit_hash, with_day
from bizmeme.errors import DataError
from bizmeme.shell.parquet import from_rows, read_table, write_table
from bizmeme.shell.ties import fingerprints
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import GoldSample, Images, Posts

Key = tuple[str, int]


class SampleConfig(Section):
    """What people are asked to label."""

    size: PositiveInt
    """Posts in all; fewer where the held-out days have fewer."""

    dev_share: Share
    """Share for pilot and gate (role dev); the rest is test, on which the student is scored."""

    max_per_thread: PositiveInt
    """Posts of one thread at the most, so that no thread speaks for the board."""


class Params(Section):
    """The sections that this stage reads."""

    sample: SampleConfig
    split: HeldOut
    seed: Seed


def run(params: Params, workspace: Workspace) -> None:
    """Draw from the held-out days: one post a near-duplicate picture, a few a thread."""
    posts = with_day(read_table(Posts, workspace.read("data/posts.parquet")))
    images = read_table(Images, workspace.read("data/images.parquet"))
    population = _population(posts.with_columns(stratum=_stratum(posts)), images, params)
    if population.is_empty():
        raise DataError(
            "No post with a picture falls on a held-out day. Collect more days, or raise split.gold_share."
        )
    candidates = [Candidate((row[0], row[1]), row[2]) for row in population.iter_rows()]
    drawn = stratified(candidates, params.sample.size, seed=params.seed)
    write_table(GoldSample, _rows(drawn, posts, params), workspace.write("data/gold_sample.parquet"))


def _population(posts: pl.DataFrame, images: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Columns board, no, stratum: whom the sample stands for."""
    gold_days = [day for day in posts["day"].unique() if _is_gold(day, params)]
    held_out = posts.filter(pl.col("day").is_in(gold_days), pl.col("image_sha256").is_not_null())
    distinct = _one_per_picture(held_out.sort("posted_at", "no"), images)
    lots = [unit_hash("thread", params.seed, *key) for key in distinct.select("board", "no").iter_rows()]
    drawn_first = pl.col("lot").rank("ordinal").over("board", "thread_no") <= params.sample.max_per_thread
    return (
        distinct.with_columns(lot=pl.Series(lots, dtype=pl.Float64))
        .filter(drawn_first)
        .select("board", "no", "stratum")
    )


def _is_gold(day: object, params: Params) -> bool:
    return part_of_day(day, params.split, seed=params.seed) == "gold"  # type: ignore[arg-type]


def _one_per_picture(posts: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """The earliest post of each group of near-duplicate pictures."""
    shown = posts.join(images, left_on="image_sha256", right_on="sha256", maintain_order="left")
    groups = picture_groups(*fingerprints(shown))
    return shown.filter(pl.Series([head == index for index, head in enumerate(groups)], dtype=pl.Boolean))


def _stratum(posts: pl.DataFrame) -> pl.Expr:
    """Market period (the month) and whether the thread is among the busier half."""
    replies = posts.group_by("board", "thread_no").len()["len"].median()
    busy = pl.len().over("board", "thread_no") > replies
    return pl.format(
        "{} {}",
        pl.col("day").dt.strftime("%Y-%m"),
        pl.when(busy).then(pl.lit("busy")).otherwise(pl.lit("quiet")),
    )


def _rows(drawn: list[Drawn[Key]], posts: pl.DataFrame, params: Params) -> pl.DataFrame:
    days = {(row[0], row[1]): row[2] for row in posts.select("board", "no", "day").iter_rows()}
    dev = _dev([one.key for one in drawn], params)
    rows = [
        {
            "board": one.key[0],
            "no": one.key[1],
            "day": days[one.key],
            "stratum": one.stratum,
            "weight": one.weight,
            "role": "dev" if one.key in dev else "test",
        }
        for one in drawn
    ]
    return from_rows(GoldSample, rows)


def _dev(keys: list[Key], params: Params) -> set[Key]:
    """The configured share of the sample, to the post, chosen by hash."""
    shuffled = sorted(keys, key=lambda key: unit_hash("role", params.seed, *key))
    return set(shuffled[: round(params.sample.dev_share * len(keys))])
