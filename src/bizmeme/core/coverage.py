"""What is held of a board over time: posts, threads and pictures of every source, and of all together.

    posts   source   board  no        thread_no  posted_at             picture  deleted
            board    biz    60000412  60000412   2025-10-13 00:02 UTC  true     false
            warosu   biz    60000412  60000412   2025-10-13 00:02 UTC  true     false     the same post

Missing numbers stand in gaps.py. Pure: now is passed in, nothing is read.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import polars as pl

SOURCES = ("board", "warosu", "imported")
"""Where posts come from; of a post that several hold, the first one's word counts."""

ALL = "all"
"""In the column `source`: distinct posts, whoever holds them."""

SCHEMA = MappingProxyType(
    {
        "source": pl.String(),
        "board": pl.String(),
        "no": pl.Int64(),
        "thread_no": pl.Int64(),
        "posted_at": pl.Datetime("us", "UTC"),
        "picture": pl.Boolean(),  # it shows a picture file
        "deleted": pl.Boolean(),  # from the board, before its thread was
    }
)
"""Columns of the frame that everything here takes, one row a source and post."""

Every = Literal["hour", "day", "week", "month"]
STEPS: MappingProxyType[Every, str] = MappingProxyType(
    {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo"}
)
_FOLDED_ABOVE = 60  # rows that a person still reads
_OUTLIVES = pl.duration(days=30)  # threads of /biz/ live for hours or days; only a sticky one lives longer
_APART = pl.duration(days=30)
_FEW = 0.01


@dataclass(frozen=True, slots=True)
class Scope:
    """The posts from the first to the last one of usual threads, and how many others were left out."""

    posts: pl.DataFrame
    aside: int


def in_scope(posts: pl.DataFrame) -> Scope:
    """Leave out what would draw the time axis out for years: old posts of sticky threads, strays.

    The axis is that of threads which lived for at most 30 days. Where their posts lie more than 30 days
    apart, they fall into groups; one with less than a hundredth of the largest one's posts draws no axis.
    """
    lived = (pl.col("posted_at").max() - pl.col("posted_at").min()).over("board", "thread_no")
    usual = posts.filter(lived <= _OUTLIVES)
    times = (usual if len(usual) else posts).select("posted_at").sort("posted_at")
    grouped = times.with_columns(group=(pl.col("posted_at").diff() > _APART).fill_null(False).cum_sum())
    sized = grouped.with_columns(size=pl.len().over("group"))
    axis = sized.filter(pl.col("size") >= _FEW * pl.col("size").max())["posted_at"]
    kept = posts.filter(pl.col("posted_at").is_between(axis.min(), axis.max())) if len(axis) else posts
    return Scope(kept, len(posts) - len(kept))


def distinct(posts: pl.DataFrame) -> pl.DataFrame:
    """Every post once, sorted by board and number; `held_by` counts its sources.

    It shows a picture, or was deleted, where any source says so.
    """
    ranks = {name: rank for rank, name in enumerate(SOURCES)}
    rank = pl.col("source").replace_strict(ranks, default=len(ranks), return_dtype=pl.Int64)
    return (
        posts.sort("board", "no", rank)
        .group_by("board", "no", maintain_order=True)
        .agg(
            pl.col("source", "thread_no", "posted_at").first(),
            pl.col("picture", "deleted").any(),
            held_by=pl.len(),
        )
    )


def opening(posts: pl.DataFrame) -> pl.DataFrame:
    """The posts that opened their threads."""
    return posts.filter(pl.col("no") == pl.col("thread_no"))


def begins(every: Every, moment: str = "posted_at") -> pl.Expr:
    """When the hour, day, week (from Monday) or month of a moment begins, UTC."""
    return pl.col(moment).dt.truncate(STEPS[every])


def by_time(posts: pl.DataFrame, every: Every) -> pl.DataFrame:
    """Posts, threads with a post, posts with a picture and deleted ones: a row a stretch of time and source.

    Rows of `all` count distinct posts and stand for every stretch from the first to the last post, also
    for those without any; they come first of their stretch. Columns: begins, source, posts, threads,
    pictures, deleted. Empty where there are no posts.
    """
    counted = _counted(posts, every)
    whole = _counted(distinct(posts).with_columns(source=pl.lit(ALL)), every)
    stretches = axis(posts, every).with_columns(source=pl.lit(ALL))
    empty = pl.col("posts", "threads", "pictures", "deleted").fill_null(0)
    filled = stretches.join(whole, on=["begins", "source"], how="left").with_columns(empty)
    order = pl.col("source").replace_strict({ALL: 0}, default=1, return_dtype=pl.Int64)
    return pl.concat([filled, counted]).sort("begins", order, "source")


def axis(posts: pl.DataFrame, every: Every) -> pl.DataFrame:
    """One column, `begins`: every stretch of time from the first to the last post."""
    moment = begins(every)
    ends = posts.select(first=moment.min(), last=moment.max())
    stretches = pl.datetime_ranges("first", "last", interval=STEPS[every])
    return ends.drop_nulls().select(begins=stretches).explode("begins")


def _counted(posts: pl.DataFrame, every: Every) -> pl.DataFrame:
    count = pl.len().cast(pl.Int64)
    return posts.group_by(begins(every).alias("begins"), "source").agg(
        posts=count,
        threads=pl.struct("board", "thread_no").n_unique().cast(pl.Int64),
        pictures=pl.col("picture").sum().cast(pl.Int64),
        deleted=pl.col("deleted").sum().cast(pl.Int64),
    )


def legible(posts: pl.DataFrame) -> Every:
    """The finest stretch of day, week and month of which there are at most 60."""
    days = len(axis(posts, "day"))
    if days <= _FOLDED_ABOVE:
        return "day"
    return "week" if len(axis(posts, "week")) <= _FOLDED_ABOVE else "month"
