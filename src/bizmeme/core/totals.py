"""What is held in all: counts of some posts, the hours of their week, the length of their threads."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

BUSIEST = 3


@dataclass(frozen=True, slots=True)
class Totals:
    """Of some posts, each once; moments are UTC."""

    posts: int
    threads: int  # with a post among these
    pictures: int  # posts that show one
    deleted: int
    days: int  # with a post
    first: datetime
    last: datetime
    busiest: tuple[int, ...]  # hours of the day, the busiest first

    @property
    def picture_share(self) -> float:
        """0 to 1, of the posts."""
        return self.pictures / self.posts

    @property
    def per_day(self) -> float:
        """Posts on a day that has any."""
        return self.posts / self.days


def totals(posts: pl.DataFrame) -> Totals | None:
    """The counts of posts of the columns of core.coverage, each once; None where there is none."""
    if posts.is_empty():
        return None
    moment = pl.col("posted_at")
    row = posts.select(
        posts=pl.len(),
        threads=pl.struct("board", "thread_no").n_unique(),
        pictures=pl.col("picture").sum(),
        deleted=pl.col("deleted").sum(),
        days=moment.dt.date().n_unique(),
        first=moment.min(),
        last=moment.max(),
    ).row(0, named=True)
    by_hour = posts.group_by(hour=moment.dt.hour()).len().sort("len", "hour", descending=[True, False])
    return Totals(**row, busiest=tuple(by_hour["hour"].head(BUSIEST)))


def replies(posts: pl.DataFrame) -> pl.Series:
    """How many replies are held of each thread whose opening post is held, the fewest first."""
    opened = (pl.col("no") == pl.col("thread_no")).any()
    each = posts.group_by("board", "thread_no").agg(opened=opened, replies=pl.len().cast(pl.Int64) - 1)
    return each.filter("opened")["replies"].sort()


def week(posts: pl.DataFrame) -> list[list[float]]:
    """Posts in an hour of the week, on average over the days held: [weekday from Monday][hour], UTC."""
    moment = pl.col("posted_at")
    days = (
        posts.select(day=moment.dt.date()).unique().group_by(weekday=pl.col("day").dt.weekday()).len("days")
    )
    hours = posts.group_by(weekday=moment.dt.weekday(), hour=moment.dt.hour()).len("posts")
    mean = [[0.0] * 24 for _ in range(7)]
    for weekday, hour, count, over in hours.join(days, on="weekday").iter_rows():
        mean[weekday - 1][hour] = count / over
    return mean


def doubling(values: pl.Series) -> dict[str, int]:
    """How many of the numbers fall into 0, 1, 2-3, 4-7, 8-15, … up to the largest."""
    counts = values.map_elements(int.bit_length, return_dtype=pl.Int64).value_counts()
    by_bits = dict(counts.iter_rows())
    return {_span(bits): by_bits.get(bits, 0) for bits in range(max(by_bits, default=-1) + 1)}


def _span(bits: int) -> str:
    """The numbers of so many bits: 2 → '2-3'."""
    first, last = (1 << bits) >> 1, max(0, (1 << bits) - 1)
    return f"{first}" if first == last else f"{first}-{last}"
