"""Whom people label: the population, the first draw, and what is added to it later.

The population is every post with a picture on held-out days (slice `days`) and in the last period (slice
`last_period`) that the filters of `sample` let pass. Drawn from it are at most a few posts a thread and one a
near-duplicate picture; the weights of the drawn stand for all of it.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import polars as pl
from pydantic import Field, ValidationInfo, field_validator

from bizmeme.core.sampling import Member, allocate, drawn, spread, weights
from bizmeme.core.settings import PositiveInt, Section, Share
from bizmeme.core.splits import unit_hash

Key = tuple[str, int]
KEY = ["board", "no"]
FIXED = ["day", "slice", "role", "second", "repeat", "batch", "drawn_by"]
"""What never changes of a frozen post; its stratum and weight follow the population when it is extended."""

SLICES = {"gold": "days", "last": "last_period"}  # of the parts that core/splits.py names
Count = Annotated[int, Field(ge=0)]
_NOT_OF_THE_DRAW = {"min_training_left"}


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

    sources: tuple[str, ...]
    """Draw from posts alone that stand as these sources gave them; empty: all."""

    first_day: date | None
    """Draw from threads alone that were opened on this day (UTC) or later; null: all."""

    last_day: date | None
    """Draw from threads alone that were opened on this day (UTC) or before; null: all."""

    min_replies: Count
    """Draw from threads alone with so many replies, as told or as held."""

    repeat_share: Share
    """Of the drawn posts, shown to the first annotator twice: whether people agree with themselves."""

    second_share: Share
    """Of the drawn posts, labelled by a second annotator as well: whether people agree with each other."""

    min_training_left: Count
    """With fewer posts with a picture on training days the stage stops; it may change at any time."""

    @field_validator("last_day")
    @classmethod
    def _leave_a_day(cls, last_day: date | None, info: ValidationInfo) -> date | None:
        first_day = info.data.get("first_day")
        if first_day is not None and last_day is not None and last_day < first_day:
            raise ValueError(f"no day from first_day = {first_day} to last_day = {last_day}")
        return last_day


@dataclass(frozen=True, slots=True)
class Population:
    """Whom the sample stands for, and those of it that are drawn already or may be: board, no, day, slice,
    stratum, frozen."""

    everybody: pl.DataFrame
    drawable: pl.DataFrame


def drawn_by(config: SampleConfig) -> str:
    """The values of `sample` that decide who is drawn, as JSON with sorted keys."""
    values = config.model_dump(mode="json", exclude=_NOT_OF_THE_DRAW)
    return json.dumps(values | {"sources": sorted(set(config.sources))}, sort_keys=True)


def everybody(parted: pl.DataFrame, config: SampleConfig, frozen: pl.DataFrame | None) -> pl.DataFrame:
    """The posts that the sample stands for, with `slice`, `stratum` and `frozen`; frozen ones belong to it.

    `parted` has every post with `day` and `part`; `frozen` is of the table GoldSample. Frozen posts come
    first, then the earliest: of near-duplicate pictures the first one is drawn.
    """
    known = parted.with_columns(
        passed=_passes(config),
        slice=pl.col("part").replace_strict(SLICES, default=None, return_dtype=pl.String),
    )
    known = _marked(known, frozen)
    known = known.with_columns(stratum=_stratum(known))
    mine = pl.col("frozen") | (pl.col("passed") & pl.col("slice").is_not_null())
    return known.filter(pl.col("image_sha256").is_not_null() & mine).sort(
        ~pl.col("frozen"), "posted_at", *KEY
    )


def _marked(posts: pl.DataFrame, frozen: pl.DataFrame | None) -> pl.DataFrame:
    """The posts with a column `frozen`; those that are keep the slice of their draw."""
    if frozen is None:
        return posts.with_columns(frozen=pl.lit(False))
    theirs = frozen.select(*KEY, kept="slice")
    joined = posts.join(theirs, on=KEY, how="left", maintain_order="left")
    return joined.with_columns(frozen=pl.col("kept").is_not_null(), slice=pl.coalesce("kept", "slice")).drop(
        "kept"
    )


def _passes(config: SampleConfig) -> pl.Expr:
    """Whether source, day and number of replies are as configured."""
    passes = [_replies() >= config.min_replies]
    if config.sources:
        passes.append(pl.col("source").is_in(config.sources))
    if config.first_day is not None:
        passes.append(pl.col("day") >= config.first_day)
    if config.last_day is not None:
        passes.append(pl.col("day") <= config.last_day)
    return pl.all_horizontal(passes)


def _replies() -> pl.Expr:
    """Of the post's thread, as its source told them or as they are held, whichever are more."""
    told = pl.col("thread_replies").max().over("board", "thread_no").fill_null(0)
    return pl.max_horizontal(told, pl.len().over("board", "thread_no").cast(pl.Int64) - 1)


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


def drawable(distinct: pl.DataFrame, config: SampleConfig, *, seed: int) -> pl.DataFrame:
    """Of posts with distinct pictures the frozen ones, and others up to so many of each thread, by hash."""
    lots = [unit_hash("thread", seed, *key) for key in distinct.select(KEY).iter_rows()]
    order = pl.col("lot") - pl.col("frozen").cast(pl.Float64)  # frozen ones first
    rank = order.rank("ordinal").over("board", "thread_no")
    with_lot = distinct.with_columns(lot=pl.Series(lots, dtype=pl.Float64))
    return with_lot.filter(pl.col("frozen") | (rank <= config.max_per_thread)).drop("lot")


def first_draw(population: Population, config: SampleConfig, *, seed: int) -> pl.DataFrame:
    """The sample as the table GoldSample."""
    chosen = _chosen(population, config.size, seed=seed)
    of_days = list(chosen.filter(pl.col("slice") == "days").select(KEY).iter_rows())
    shuffled = sorted(of_days, key=lambda key: unit_hash("role", seed, *key))
    dev = set(shuffled[: min(config.dev, len(of_days) // 2)])
    return _weighed(_batch(chosen, config, 0, dev=dev, seed=seed), population)


def extended(
    frozen: pl.DataFrame, population: Population, wanted: int, *, config: SampleConfig, seed: int
) -> pl.DataFrame:
    """The frozen sample and a batch of `wanted` more, or fewer where no more may be drawn: all of role test.

    Posts, days, slices, roles and shares of what is frozen stay; strata and weights are those of the
    population as it is now. A frozen post that is gone from it stands for nobody: its weight is 0.
    """
    chosen = _chosen(population, wanted, seed=seed)
    number = 1 + max(frozen["batch"].to_list())
    batch = _batch(chosen, config, number, dev=set(), seed=seed)
    return _weighed(pl.concat([frozen.select(batch.columns), batch]), population)


def _chosen(population: Population, wanted: int, *, seed: int) -> pl.DataFrame:
    """So many of those that may be drawn and are not frozen, so that all are spread as the population is."""
    new = population.drawable.filter(~pl.col("frozen"))
    held = _sizes(population.drawable.filter("frozen"))
    sizes, most = _sizes(population.everybody), _sizes(population.drawable)
    places = allocate(sizes, sum(held.values()) + wanted, most=most, held=held)
    left = {name: count - held.get(name, 0) for name, count in places.items()}
    keys = drawn(_members(new), left, seed=seed)
    rows = pl.DataFrame(sorted(keys), schema={"board": pl.String, "no": pl.Int64}, orient="row")
    return new.join(rows, on=KEY, how="semi", maintain_order="left")


def _batch(
    chosen: pl.DataFrame, config: SampleConfig, batch: int, *, dev: set[Key], seed: int
) -> pl.DataFrame:
    """The chosen posts as the table GoldSample, but for their weights."""
    keys = list(chosen.select(KEY).iter_rows())
    second, repeat = (
        spread(_members(chosen), share, what=what, seed=seed)
        for what, share in (("second", config.second_share), ("repeat", config.repeat_share))
    )
    return chosen.select(
        *KEY, "day", "slice", "stratum",
        role=pl.Series(["dev" if key in dev else "test" for key in keys], dtype=pl.String),
        second=pl.Series([key in second for key in keys], dtype=pl.Boolean),
        repeat=pl.Series([key in repeat for key in keys], dtype=pl.Boolean),
        batch=pl.lit(batch, pl.Int64),
        drawn_by=pl.lit(drawn_by(config)),
    )  # fmt: skip


def _weighed(sample: pl.DataFrame, population: Population) -> pl.DataFrame:
    """The sample with the strata that its posts now have, and weights that add up to the population."""
    now = population.everybody.select(*KEY, now="stratum")
    placed = sample.join(now, on=KEY, how="left", maintain_order="left")
    each = weights(_sizes(population.everybody), placed["now"].drop_nulls().to_list())
    weight = [each[name] if name is not None else 0.0 for name in placed["now"]]
    return placed.with_columns(
        stratum=pl.coalesce("now", "stratum"), weight=pl.Series(weight, dtype=pl.Float64)
    ).drop("now")


def _members(posts: pl.DataFrame) -> list[Member[Key]]:
    return [Member((board, no), stratum) for board, no, stratum in posts.select(*KEY, "stratum").iter_rows()]


def _sizes(posts: pl.DataFrame) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in posts["stratum"].value_counts(sort=False).iter_rows()}


def changed_keys(before: str, now: str) -> dict[str, tuple[Any, Any]]:
    """The values of `sample` that differ from those of a draw, (then, now); both must have the key."""
    then, today = json.loads(before), json.loads(now)
    return {
        key: (then[key], today[key]) for key in sorted(then.keys() & today.keys()) if then[key] != today[key]
    }
