"""The picture of `bizmeme coverage`: posts by source over time, missing numbers, and the way to the goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from bizmeme.core.coverage import SOURCES, STEPS, Every, axis, begins
from bizmeme.core.gaps import missing_by_time
from bizmeme.core.goal import Goal, grown
from bizmeme.core.marks import Stretch
from bizmeme.shell.charts import (
    ALARM,
    COLOURS,
    FAINT,
    INK,
    OTHER,
    figure,
    headed,
    legend,
    patch,
    plain,
    write,
)

_HOURLY_DAYS, _DAILY_DAYS = 3, 800  # finer than that is drawn up to so many days
_CLEAR = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
_PARTED = 150  # stretches, with a thin line between them
_PARTS = {"gold": "#CC79A7", "val": "#6A3D9A", "last": "#8C8C8C", "embargo": "#DDDDDD"}
_BANDS = ("#F1F1F1", "#FAFAFA")
_CHAR_PX, _PLOT_PX = 9.5, 1450  # of a band's name, of the whole time axis
_NEAR_PX = 4
_GAP = "#F6D3BC"
_HATCHED = {"edgecolor": ALARM, "hatch": "////", "linewidth": 0.0}


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn: posts counted, missing numbers, gaps among those, and marks."""

    title: str
    posts: pl.DataFrame  # each once: core.coverage.distinct
    missing: pl.DataFrame  # core.gaps.runs
    gaps: pl.DataFrame  # those of them that are gaps: numbers missing in a row, `shortest` or more
    shortest: int
    goal: Goal
    periods: Sequence[Stretch]
    held_out: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class _Time:
    """The time axis: n stretches and their n + 1 edges."""

    every: Every
    stretches: pl.DataFrame
    edges: list[datetime]


def coverage_plot(drawing: Drawing, path: Path) -> None:
    """Write the picture as PNG, 1600×1000 px; there must be a post."""
    line = _time(drawing.posts)
    made = figure(10.0)
    posts, strip, missing, progress = made.subplots(4, 1, sharex=True, height_ratios=[5.2, 0.28, 1.5, 2.4])
    _bands(posts, drawing.periods, line)
    fields = [*_posts(posts, drawing.posts, line), *_missing(missing, drawing, line)]
    fields += _strip(strip, drawing.held_out)
    _progress(progress, drawing, line)
    for axes in (posts, progress):
        _hatch(axes, drawing.gaps, line)
    _dates(progress, line)
    legend(posts, fields)
    headed(made, drawing.title, str(drawing.goal), rows=1)
    made.align_ylabels()
    write(made, path)


def _time(posts: pl.DataFrame) -> _Time:
    days = len(axis(posts, "day"))
    every: Every = "hour" if days <= _HOURLY_DAYS else "day" if days <= _DAILY_DAYS else "week"
    stretches = axis(posts, every)
    ends = stretches.select(pl.col("begins").dt.offset_by(STEPS[every]))["begins"]
    return _Time(every, stretches, [*stretches["begins"], ends[-1]])


def _dates(axes: Any, line: _Time) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=14)  # type: ignore[no-untyped-call]
    concise = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(concise)
    axes.set_xlim(line.edges[0], line.edges[-1])
    first, last = line.edges[0], line.edges[-1] - timedelta(seconds=1)
    axes.set_xlabel(f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, UTC", fontsize=11, color=INK)


def _hatch(axes: Any, gaps: pl.DataFrame, line: _Time) -> None:
    """The times of the gaps; those that are hardly apart in the picture together."""
    apart = _NEAR_PX * (line.edges[-1] - line.edges[0]) / _PLOT_PX
    spans = list[tuple[datetime, datetime]]()
    for after, until in gaps.sort("after").select("after", "until").iter_rows():
        if spans and after - spans[-1][1] <= apart:
            spans[-1] = (spans[-1][0], max(spans[-1][1], until))
        else:
            spans.append((after, until))
    for after, until in spans:
        axes.axvspan(after, until, facecolor="none", alpha=0.5, **_HATCHED)


def _heights(counted: pl.DataFrame, column: str, line: _Time) -> list[int]:
    """A column by stretch of time, zero where there is none."""
    joined = line.stretches.join(counted.select("begins", column), on="begins", how="left")
    return joined.sort("begins")[column].fill_null(0).to_list()


def _posts(axes: Any, posts: pl.DataFrame, line: _Time) -> list[tuple[Any, str]]:
    """Each post once, by the first source that holds it: with a picture below, without one above."""
    each = posts.with_columns(begins=begins(line.every))
    counted = each.group_by("begins", "source", "picture").agg(count=pl.len())
    base = [0] * len(line.stretches)
    held = [name for name in SOURCES if name in set(each["source"])]
    for shade, pictured in enumerate((True, False)):
        for name in held:
            wanted = (pl.col("source") == name) & (pl.col("picture") == pictured)
            heights = _heights(counted.filter(wanted), "count", line)
            top = [low + high for low, high in zip(base, heights, strict=True)]
            axes.stairs(top, line.edges, baseline=base, fill=True, color=COLOURS[name][shade], linewidth=0)
            base = top
    if len(line.stretches) <= _PARTED:
        axes.vlines(line.edges[1:-1], 0, base[:-1], color="white", linewidth=0.8)
    axes.set_ylim(0, max(base) * 1.12)
    plain(axes, name=f"posts per {line.every}\n(dark: with a picture)")
    return [(tuple(patch(shade) for shade in COLOURS[name]), name) for name in held]


def _bands(axes: Any, periods: Sequence[Stretch], line: _Time) -> None:
    """Market periods, each with its name where that fits."""
    span = line.edges[-1] - line.edges[0]
    for number, each in enumerate(periods):
        first, last = max(_at(each.first), line.edges[0]), min(_at(each.last, 1), line.edges[-1])
        axes.axvspan(first, last, facecolor=_BANDS[number % 2], edgecolor="none", zorder=0)
        room = (last - first) / span * _PLOT_PX
        turn = {} if room > _CHAR_PX * len(each.name) else {"rotation": 90}
        if room > 2 * _CHAR_PX:
            where = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "top"}
            axes.text(first + (last - first) / 2, 0.985, each.name, color=FAINT, fontsize=11, **where, **turn)


def _at(day: date, later: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=later), time(), UTC)


def _strip(axes: Any, held_out: Sequence[Stretch]) -> list[tuple[Any, str]]:
    """Days that are not trained on."""
    for each in held_out:
        axes.axvspan(_at(each.first), _at(each.last, 1), facecolor=_PARTS[each.name], edgecolor="none")
    axes.set_yticks([])
    axes.set_ylabel("held\nout", rotation=0, ha="right", va="center", fontsize=10, color=INK)
    axes.spines[:].set_color("#BBBBBB")
    axes.tick_params(axis="x", length=0)
    named = dict.fromkeys(each.name for each in held_out)
    return [(patch(_PARTS[name]), "last period" if name == "last" else name) for name in named]


def _missing(axes: Any, drawing: Drawing, line: _Time) -> list[tuple[Any, str]]:
    """Missing numbers downwards, those of gaps hatched."""
    whole = _heights(missing_by_time(drawing.missing, line.every), "count", line)
    gaps = _heights(missing_by_time(drawing.gaps, line.every), "count", line)
    usual = [every - gap for every, gap in zip(whole, gaps, strict=True)]
    axes.stairs(usual, line.edges, fill=True, color=OTHER, linewidth=0)
    axes.stairs(whole, line.edges, baseline=usual, fill=True, facecolor=_GAP, **_HATCHED)
    axes.set_ylim(max([*whole, 1]) * 1.05, 0)
    plain(axes, name="missing\nnumbers")
    axes.spines["bottom"].set_visible(False)
    fields = [
        (patch(OTHER), "missing number"),
        (patch(_GAP, **_HATCHED), f"in a gap: {drawing.shortest:,} or more in a row"),
    ]
    return fields if any(gaps) else fields[:1]


def _progress(axes: Any, drawing: Drawing, line: _Time) -> None:
    """Posts with a picture held so far, and the goal."""
    held = grown(drawing.posts, line.every)
    heights = (
        line.stretches.join(held, on="begins", how="left").sort("begins")["held"].forward_fill().to_list()
    )
    axes.plot(line.edges, [0, *heights], color=INK, linewidth=2)
    axes.axhline(drawing.goal.wanted, color=ALARM, linewidth=1.5, linestyle=(0, (6, 4)))
    axes.set_ylim(0, max(drawing.goal.wanted, drawing.goal.held) * 1.2)
    above = {"xytext": (4, 4), "textcoords": "offset points", "va": "bottom", "bbox": _CLEAR}
    axes.annotate(
        f"goal: {drawing.goal.wanted:,}", (line.edges[0], drawing.goal.wanted), color=ALARM, **above
    )
    plain(axes, name="posts with a\npicture, in all")
