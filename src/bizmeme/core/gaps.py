"""Post numbers that nobody holds, which of them are gaps, and from where a gap can still be filled.

    held  61  62      64  65                                    5310  5311
                   63                      66 … 5309
              deleted: normal              5,244 missing in a row: a gap, between the times of 65 and 5310

A board numbers its posts one by one. About 3 % of /biz/ are deleted before anyone sees them, one here, two
there: of 31,000 simulated posts with that share deleted, no three in a row. A run of ten numbers or more is
therefore a gap, unless whoever collected holds only a part of the board's posts (a sandbox's world, opening
posts alone): then a gap is thirty times as long as nine in ten of the runs are, which no night is.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal

import polars as pl

from bizmeme.core.coverage import SCHEMA, STEPS, Every, begins, distinct

FEWEST = 10
_TIMES = 30  # the sandbox's worlds, whose longest lull takes 17 hours, come up to 26
_USUALLY = 0.9
_ENOUGH = 100  # posts of a source, to judge by it
ARCHIVE_DAYS = 3
"""How long the board shows a thread after its end, its archive.json."""
WAROSU_SINCE = date(2015, 1, 1)
"""From then on warosu.org holds /biz/."""
_NEAR = timedelta(days=3)  # a walk looks for older threads so far back anyway: conf/source/warosu.yaml

_BEHIND = timedelta(days=1)

Where = Literal["board", "warosu", "nowhere"]


def runs(posts: pl.DataFrame) -> pl.DataFrame:
    """Every run of missing numbers between two held ones, in order.

    Columns: board, first, last (numbers), count, after, until (when the posts before and behind it were
    made, the earlier first).
    """
    ordered = distinct(posts).select("board", "no", "posted_at")
    before = pl.col("no", "posted_at").shift(1).over("board").name.suffix("_before")
    missing = pl.col("no") - pl.col("no_before") - 1
    return (
        ordered.with_columns(before)
        .filter(missing > 0)
        .select(
            "board",
            first=pl.col("no_before") + 1,
            last=pl.col("no") - 1,
            count=missing,
            after=pl.min_horizontal("posted_at_before", "posted_at"),
            until=pl.max_horizontal("posted_at_before", "posted_at"),
        )
    )


def shortest_gap(posts: pl.DataFrame) -> int:
    """How many numbers must be missing in a row to be a gap: by the source that holds the most, see above."""
    missing = (pl.col("no").diff().over("board") - 1).quantile(_USUALLY, "higher")
    each = posts.sort("source", "board", "no").group_by("source").agg(usual=missing, posts=pl.len())
    judging = each.filter(pl.col("posts") >= _ENOUGH)
    usual = (judging if len(judging) else each)["usual"].drop_nulls()
    return max([FEWEST, *(_TIMES * int(least) for least in usual.sort().head(1))])


def behind(posts: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """What nobody has looked at yet, as a run of unknown length (count 0).

    One row as of `runs`; none where the newest post is younger than a day.
    """
    newest = posts.sort("posted_at").tail(1)
    after = pl.col("no") + 1
    run = newest.select(
        "board", first=after, last=after, count=pl.lit(0, pl.Int64), after="posted_at", until=pl.lit(now)
    )
    return run.cast({"until": SCHEMA["posted_at"]}).filter(pl.col("until") - pl.col("after") > _BEHIND)


def missing_by_time(missing: pl.DataFrame, every: Every) -> pl.DataFrame:
    """Missing numbers by stretch of time, those of a run spread evenly over it. Columns: begins, count."""
    return pieces(missing, every).group_by("begins").agg(pl.col("count").sum()).sort("begins")


def pieces(missing: pl.DataFrame, every: Every) -> pl.DataFrame:
    """Each run cut at the ends of hours, days, …; the counts of its pieces add up to its own.

    Columns: board, first (of the run), begins, count.
    """
    step = STEPS[every]
    stretches = pl.datetime_ranges(begins(every, "after"), begins(every, "until"), interval=step)
    cut = missing.with_columns(begins=stretches).explode("begins")
    length_s = (pl.col("until") - pl.col("after")).dt.total_seconds()
    ends = pl.min_horizontal(pl.col("begins").dt.offset_by(step), "until")
    passed_s = (ends - pl.col("after")).dt.total_seconds()
    # In whole numbers: a quotient of floats may be 0.999… at the end of a run, and lose one of its numbers.
    by_then = pl.when(length_s > 0).then(pl.col("count") * passed_s // length_s).otherwise("count")
    piece = by_then - by_then.shift(1).over("board", "first").fill_null(0)
    return cut.select("board", "first", "begins", count=piece)


@dataclass(frozen=True, slots=True)
class Fill:
    """Days, both included, whose gaps can be filled from one place by one command, or from nowhere."""

    where: Where
    first: date
    last: date
    gaps: int
    missing: int  # numbers; 0 where that is not known

    def __str__(self) -> str:
        """'2 gaps, 11,000 numbers, 2025-11-03 to 2025-11-05'."""
        days = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        return (
            f"{numbered(self.gaps, self.missing)}, {days}" if self.missing else f"not looked at yet, {days}"
        )


def numbered(gaps: int, missing: int) -> str:
    """'2 gaps, 11,000 numbers'."""
    return f"{gaps:,} gap{'s' if gaps > 1 else ''}, {missing:,} numbers"


def fills(gaps: pl.DataFrame, *, now: datetime) -> list[Fill]:
    """From where the gaps can be filled, by day; days of one place at most three apart go together."""
    by_day = pieces(gaps, "day").group_by("begins").agg(pl.col("count").sum(), pl.col("first")).sort("begins")
    days = [
        (where(moment.date(), now=now), moment.date(), count, set(first))
        for moment, count, first in by_day.select("begins", "count", "first").iter_rows()
    ]
    cuts = [place for place, (one, other) in enumerate(pairwise(days), 1) if _parted(one[:2], other[:2])]
    return [_fill(days[start:end]) for start, end in pairwise([0, *cuts, len(days)]) if start < end]


_Day = tuple[Where, date, int, set[int]]


def _parted(one: tuple[Where, date], other: tuple[Where, date]) -> bool:
    return one[0] != other[0] or other[1] - one[1] > _NEAR


def _fill(days: list[_Day]) -> Fill:
    begun = set[int]().union(*(first for _, _, _, first in days))
    return Fill(days[0][0], days[0][1], days[-1][1], len(begun), sum(count for _, _, count, _ in days))


def where(day: date, *, now: datetime) -> Where:
    """Who still shows the posts of a day: the board until its archive forgets them, then Warosu."""
    if datetime.combine(day, time(), UTC) >= now - timedelta(days=ARCHIVE_DAYS):
        return "board"
    return "warosu" if day >= WAROSU_SINCE else "nowhere"


def command(fill: Fill, *, overrides: Iterable[str] = ()) -> str:
    """What to type into a shell to fill it; empty where nothing helps."""
    words = {
        "board": ["source=board", "collect.once=true"],
        "warosu": [
            "source=warosu",
            f"source.from={fill.first}",
            f"source.to={fill.last}",
            "source.pages=null",
        ],
        "nowhere": [],
    }[fill.where]
    return shlex.join(["bizmeme", "collect", *overrides, *words]) if words else ""
