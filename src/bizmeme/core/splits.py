"""Who is held out: whole days, by a hash, so that new data moves no old day.

A thread goes by the day of its opening post.
"""

import hashlib
from datetime import date

import polars as pl

from bizmeme.core.settings import Section, Share


class HeldOut(Section):
    """The days whose threads never reach training."""

    gold_share: Share
    """Share of days whose threads people label (dev and test)."""

    val_share: Share
    """Share of days whose threads give the validation loss, by which settings are chosen."""


def unit_hash(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone: SHA-256 of their texts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def part_of_day(day: date, held_out: HeldOut, *, seed: int) -> str:
    """`gold`, `val` or `train`, by the hash of seed and date."""
    at = unit_hash("day", seed, day.isoformat())
    if at < held_out.gold_share:
        return "gold"
    return "val" if at < held_out.gold_share + held_out.val_share else "train"


def with_day(posts: pl.DataFrame) -> pl.DataFrame:
    """The posts with a column `day`: the UTC day on which their thread was opened."""
    opened = pl.col("posted_at").min().over("board", "thread_no")
    return posts.with_columns(day=opened.dt.date())
