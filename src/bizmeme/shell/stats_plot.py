"""The picture of `bizmeme stats`: the way to the goal, the hours of the week, threads, sources, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizmeme.core.goal import Goal
from bizmeme.core.totals import Totals
from bizmeme.shell.charts import (
    ALARM,
    COLOURS,
    FAINT,
    INK,
    OTHER,
    figure,
    headed,
    plain,
    write,
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ROWS = 3
_HALF = 0.5
_BAR = {"height": 0.62}
_HELD, _WANTED, _NEVER = "#009E73", "#E69F00", ALARM


@dataclass(frozen=True, slots=True)
class Portrait:
    """What is drawn."""

    title: str
    goal: Goal
    week: Sequence[Sequence[float]]  # core.totals.week
    replies: Mapping[str, int]  # core.totals.doubling
    sources: Mapping[str, Totals]
    files: Mapping[tuple[str, str], int]  # kind and status


def stats_plot(portrait: Portrait, path: Path) -> None:
    """Write the picture as PNG, 1600×1000 px."""
    made = figure(10.0)
    panels = made.subplot_mosaic(
        [["goal", "goal"], ["week", "replies"], ["sources", "files"]],
        height_ratios=[0.5, 4.2, 2.6],
        width_ratios=[1.45, 1],
    )
    _goal(panels["goal"], portrait.goal)
    _week(made, panels["week"], portrait.week)
    _replies(panels["replies"], portrait.replies)
    _sources(panels["sources"], portrait.sources)
    _files(panels["files"], portrait.files)
    headed(made, portrait.title, str(portrait.goal))
    write(made, path)


def _goal(axes: Any, goal: Goal) -> None:
    axes.barh([0], [1], color="#EEEEEE", height=1)
    axes.barh([0], [goal.share], color=COLOURS["board"][0], height=1)
    inside = goal.share > _HALF
    where = {
        "xytext": (-8 if inside else 8, 0),
        "textcoords": "offset points",
        "va": "center",
        "fontsize": 12,
    }
    colour, side = ("white", "right") if inside else (INK, "left")
    axes.annotate(f"{goal.held:,} of {goal.wanted:,}", (goal.share, 0), color=colour, ha=side, **where)
    axes.set_xlim(0, 1)
    axes.axis("off")


def _week(made: Any, axes: Any, week: Sequence[Sequence[float]]) -> None:
    shown = axes.imshow(week, cmap="cividis", aspect="auto")
    axes.set_yticks(range(len(_DAYS)), _DAYS)
    axes.set_xticks(range(0, 24, 2), [f"{hour:02}" for hour in range(0, 24, 2)])
    axes.set_xlabel("hour, UTC", fontsize=11, color=INK)
    _named(axes, "posts per hour of the week")
    axes.tick_params(colors=INK, labelsize=10, length=0)
    axes.spines[:].set_visible(False)
    made.colorbar(shown, ax=axes, pad=0.01, aspect=30).outline.set_visible(False)


def _replies(axes: Any, replies: Mapping[str, int]) -> None:
    bars = axes.bar(list(replies), list(replies.values()), color=COLOURS["board"][0], width=0.85)
    axes.bar_label(
        bars, labels=[f"{count:,}" for count in replies.values()], fontsize=9, color=FAINT, padding=2
    )
    plain(axes, name="threads")
    axes.set_xlabel("replies held", fontsize=11, color=INK)
    _named(axes, "replies per thread")


def _sources(axes: Any, sources: Mapping[str, Totals]) -> None:
    names = list(sources)[::-1]
    for place, name in enumerate(names):
        total, (dark, light) = sources[name], COLOURS.get(name, (INK, OTHER))
        axes.barh(place, total.pictures, color=dark, **_BAR)
        axes.barh(place, total.posts - total.pictures, left=total.pictures, color=light, **_BAR)
        told = f" {total.posts:,}, {100 * total.picture_share:.0f} % with a picture"
        axes.text(total.posts, place, told, va="center", fontsize=10, color=FAINT)
    axes.set_xlim(0, 1.45 * max(total.posts for total in sources.values()))
    _rows(axes, names, "posts by source (dark: with a picture)")


def _files(axes: Any, files: Mapping[tuple[str, str], int]) -> None:
    names = [f"{kind}, {status}" for kind, status in files][::-1]
    for place, ((_, status), count) in enumerate(list(files.items())[::-1]):
        colour = {"ok": _HELD, "wanted": _WANTED}.get(status, _NEVER)
        axes.barh(place, count, color=colour, **_BAR)
        axes.text(count, place, f" {count:,}", va="center", fontsize=10, color=FAINT)
    axes.set_xlim(0, 1.2 * max([*files.values(), 1]))
    _rows(axes, names, "files by kind and status")
    if not files:
        axes.text(0.5, 0.5, "no file asked for", ha="center", color=FAINT, transform=axes.transAxes)


def _rows(axes: Any, names: Sequence[str], title: str) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=10.5, color=INK)
    axes.set_ylim(min(0, len(names) - _ROWS) - 0.6, len(names) - 0.4)  # few rows stand at the top
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color("#BBBBBB")
    _named(axes, title)


def _named(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=12.5, color=INK)
