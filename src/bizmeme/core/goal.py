"""How far it is to so many posts with a picture, and when that will be at the rate of the last days."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from bizmeme.core.coverage import Every, begins

_DAYS = 7


@dataclass(frozen=True, slots=True)
class Goal:
    """Posts with a picture: held, wanted, coming a day; and the day of the last one, if there will be one."""

    held: int
    wanted: int
    per_day: float
    on: date | None

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.held / self.wanted)

    def __str__(self) -> str:
        """One sentence: '7,812 of 10,000 posts with a picture (78 %); at 180 a day, 10,000 on 2026-01-05'."""
        if self.held >= self.wanted:
            return f"{self.held:,} posts with a picture; {self.wanted:,} reached with a post of {self.on}"
        told = f"{self.held:,} of {self.wanted:,} posts with a picture ({math.floor(100 * self.share)} %)"
        if self.on is None:
            return f"{told}; none came in the last {_DAYS} days"
        return f"{told}; at {self.per_day:,.0f} a day, {self.wanted:,} on {self.on}"


def goal(distinct: pl.DataFrame, wanted: int, *, now: datetime) -> Goal:
    """By the posts with a picture among these (each once), and their rate in the seven days before `now`.

    Where less than seven days are held, in those, but in one day at least.
    """
    times = distinct.filter(pl.col("picture"))["posted_at"].sort()
    held = len(times)
    if held >= wanted:
        return Goal(held, wanted, _per_day(times, now), times[wanted - 1].date())
    per_day = _per_day(times, now)
    days = math.ceil((wanted - held) / per_day) if per_day else math.inf
    within = days < (date.max - now.date()).days
    return Goal(held, wanted, per_day, now.date() + timedelta(days=int(days)) if within else None)


def _per_day(times: pl.Series, now: datetime) -> float:
    since = now - timedelta(days=_DAYS)
    recent = int(times.is_between(since, now).sum())
    held_days = (now - max(since, times[0])) / timedelta(days=1) if recent else 1.0
    return recent / max(1.0, held_days)


def grown(distinct: pl.DataFrame, every: Every) -> pl.DataFrame:
    """Posts with a picture held by the end of each stretch of time. Columns: begins, held."""
    pictured = (
        distinct.with_columns(begins=begins(every)).group_by("begins").agg(held=pl.col("picture").sum())
    )
    return pictured.sort("begins").with_columns(pl.col("held").cum_sum().cast(pl.Int64))
