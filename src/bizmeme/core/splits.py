"""Who is held out: a few days of every block, by a hash, and one whole last period.

    October   13 14 15 16 17 18 19 | 20 21 22 23 24 25 26 | 27 28 29 …     blocks of 7 days, gold and val
               .  v  g  .  .  g  . |  g  .  g  v  .  .  . |  last period, from the 27th on

Every calendar day has its place whether or not posts of it are held, so that new data moves no old day. A
thread goes by the day of its opening post.
"""

import hashlib
from datetime import date, timedelta
from typing import Annotated, Literal

import polars as pl
from pydantic import Field, ValidationInfo, field_validator

from bizmeme.core.settings import PositiveInt, Section

Part = Literal["gold", "val", "train", "last", "embargo"]
PARTS: tuple[Part, ...] = ("gold", "val", "train", "last", "embargo")

Days = Annotated[int, Field(ge=0)]


class HeldOut(Section):
    """The days whose threads never reach training."""

    block_days: PositiveInt
    """Length of a block in calendar days; blocks are counted from Monday 0001-01-01."""

    gold_days: PositiveInt
    """Days of every block whose threads people label (dev and test)."""

    val_days: Days
    """Days of every block whose threads give the validation loss, by which settings are chosen."""

    last_period_from: date | None
    """Threads opened from this day on are a test slice of their own and never trained on; null for none."""

    embargo_days: Days
    """Threads opened in so many days before the last period are left out of train and val."""

    @field_validator("val_days")
    @classmethod
    def _leave_days_to_train(cls, val_days: int, info: ValidationInfo) -> int:
        block, gold = info.data.get("block_days"), info.data.get("gold_days")
        if block is not None and gold is not None and gold + val_days >= block:
            raise ValueError(f"with gold_days = {gold} no day of a block of {block} is left to train on")
        return val_days


def unit_hash(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone: SHA-256 of their texts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def part_of_day(day: date, held_out: HeldOut, *, seed: int) -> Part:
    """Where the threads opened on that day go; the last period first, then gold, embargo and val."""
    last = held_out.last_period_from
    if last is not None and day >= last:
        return "last"
    rank = _rank_in_block(day, held_out.block_days, seed=seed)
    if rank < held_out.gold_days:
        return "gold"
    if last is not None and day >= last - timedelta(days=held_out.embargo_days):
        return "embargo"
    return "val" if rank < held_out.gold_days + held_out.val_days else "train"


def _rank_in_block(day: date, block_days: int, *, seed: int) -> int:
    """The day's place, from 0, among all days of its block by the hash of seed and date."""
    first = day.toordinal() - (day.toordinal() - 1) % block_days
    days = (date.fromordinal(first + offset) for offset in range(block_days))
    return sorted(days, key=lambda each: unit_hash("day", seed, each.isoformat())).index(day)


def with_part(posts: pl.DataFrame, held_out: HeldOut, *, seed: int) -> pl.DataFrame:
    """The posts with columns `day` (the UTC day on which their thread was opened) and `part`."""
    dated = with_day(posts)
    parts = {day: part_of_day(day, held_out, seed=seed) for day in dated["day"].unique()}
    return dated.with_columns(part=pl.col("day").replace_strict(parts, return_dtype=pl.String))


def with_day(posts: pl.DataFrame) -> pl.DataFrame:
    """The posts with a column `day`: the UTC day on which their thread was opened."""
    opened = pl.col("posted_at").min().over("board", "thread_no")
    return posts.with_columns(day=opened.dt.date())
