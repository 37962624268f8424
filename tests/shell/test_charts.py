"""The two large pictures: any length of time, any lack of data, one width, no warning."""

from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from bizmeme.core.coverage import SOURCES, distinct
from bizmeme.core.gaps import FEWEST, runs
from bizmeme.core.goal import goal
from bizmeme.core.marks import Stretch, periods
from bizmeme.core.totals import doubling, replies, totals, week
from bizmeme.shell.coverage_plot import Drawing, coverage_plot
from bizmeme.shell.stats_plot import Portrait, stats_plot
from tests.core.holding import MONDAY, after, frame, post, steady

SIZE = (1600, 1000)


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        return picture.size


def drawing(posts: pl.DataFrame, days: float) -> Drawing:
    missing, first = runs(posts), MONDAY.date()
    return Drawing(
        title="Posts",
        posts=distinct(posts),
        missing=missing,
        gaps=missing.filter(pl.col("count") >= FEWEST),
        shortest=FEWEST,
        goal=goal(distinct(posts), 10_000, now=after(days)),
        periods=periods(first, [("calm", 1), ("greed", 20), ("a long name for a short period", 2)]),
        held_out=[Stretch("gold", first, first), Stretch("last", after(days).date(), after(days).date())],
    )


@pytest.mark.parametrize("days", [1, 3, 84, 700, 4000])
def test_a_day_and_years_are_drawn_at_one_size(tmp_path: Path, days: int) -> None:
    usual = steady(range(0, days * 20, 3), per_day=20, picture=True)
    archived = steady(range(0, days * 10, 3), per_day=20, source="warosu")
    holed = usual.filter(~pl.col("no").is_between(days * 8, days * 9))
    coverage_plot(drawing(pl.concat([holed, archived]), days), tmp_path / "new" / "folder" / "a.png")
    assert size(tmp_path / "new" / "folder" / "a.png") == SIZE


def test_one_post_without_a_picture_is_drawn(tmp_path: Path) -> None:
    coverage_plot(drawing(frame(post(1, 0.5)), 1), tmp_path / "a.png")
    assert size(tmp_path / "a.png") == SIZE


def test_a_long_legend_leaves_the_bars_their_room(tmp_path: Path) -> None:
    sources = [steady(range(n, 400, 3), per_day=20, source=name) for n, name in enumerate(SOURCES)]
    coverage_plot(
        drawing(pl.concat(sources).filter(~pl.col("no").is_between(60, 90)), 20), tmp_path / "a.png"
    )
    with Image.open(tmp_path / "a.png") as picture:
        row = [picture.convert("RGB").getpixel((x, 530)) for x in range(SIZE[0])]  # just above the axis
    bars = [x for x, colour in enumerate(row) if isinstance(colour, tuple) and max(colour) - min(colour) > 60]
    assert bars[0] < 150
    assert bars[-1] > 1550


def test_stats_are_drawn_without_files_and_without_any_opening_post(tmp_path: Path) -> None:
    posts = frame(post(5, 0.5, thread_no=1))
    total, way = totals(posts), goal(posts, 10_000, now=after(1))
    assert total is not None
    bare = Portrait("Posts", way, week(posts), doubling(replies(posts)), {"board": total}, {})
    stats_plot(bare, tmp_path / "a.png")
    assert size(tmp_path / "a.png") == SIZE
    full = Portrait(
        "Posts", way, week(posts), {"0": 3}, {"board": total, "all": total}, {("file", "gone"): 2}
    )
    stats_plot(full, tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() != (tmp_path / "a.png").read_bytes()
