"""`bizmeme stats`: what is held in all, by source and together, and how far it is to 10,000 pictures.

    bizmeme stats                               a table, a bar, and stats.png
    bizmeme stats --source warosu --no-png      of the archive alone
    bizmeme stats --opening-posts               count opening posts alone
    bizmeme stats experiment=production         of the real board

Takes overrides as a stage does and reads the journal of the configured origin. "all" counts a post that
several sources hold once. What is missing, day by day, tells `bizmeme coverage`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import polars as pl
from rich import box
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from bizmeme.apps.held import Held, counted, looking, options
from bizmeme.core.coverage import ALL, SOURCES, distinct
from bizmeme.core.goal import Goal, goal
from bizmeme.core.totals import Totals, doubling, replies, totals, week
from bizmeme.shell.held_posts import HeldFiles, held_edits, held_files
from bizmeme.shell.stats_plot import Portrait, stats_plot

_BAR_CHARS = 60


def main(arguments: list[str]) -> None:
    """Print the table and the bar, draw the picture."""
    chosen = options("stats", __doc__).parse_intermixed_args(arguments)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    with looking(chosen) as held:
        each = distinct(counted(held.posts, chosen))
        if each.is_empty():
            console.print(held.nothing(chosen))
            return
        known = by_source(counted(held.posts, chosen), each)
        way = goal(each, chosen.goal, now=held.now)
        console.print(table(known, held, each))
        if files := held_files(held.journal, held.sections):
            console.print(file_table(files))
        console.print(bar(way), str(way))
        if not chosen.no_png:
            stats_plot(_portrait(held, each, known, way), chosen.png)
            console.print(f"Drawn: {chosen.png}")


def bar(way: Goal) -> Table:
    """How far it is, as a bar."""
    made = Table.grid()
    made.add_row(ProgressBar(total=1, completed=way.share, width=_BAR_CHARS))
    return made


def by_source(posts: pl.DataFrame, each: pl.DataFrame) -> dict[str, Totals]:
    """The totals of every source that holds posts; and of `all`, where those are several."""
    found = {name: totals(posts.filter(pl.col("source") == name)) for name in SOURCES}
    known = {name: total for name, total in found.items() if total is not None}
    whole = totals(each)
    return known | {ALL: whole} if whole and len(known) > 1 else known


_ROWS: Mapping[str, Callable[[Totals], str]] = {
    "posts": lambda total: f"{total.posts:,}",
    "threads": lambda total: f"{total.threads:,}",
    "with a picture": lambda total: f"{total.pictures:,}",
    "of the posts": lambda total: f"{100 * total.picture_share:.1f} %",
    "deleted": lambda total: f"{total.deleted:,}",
    "days with posts": lambda total: f"{total.days:,}",
    "mean posts a day": lambda total: f"{total.per_day:,.0f}",
    "busiest hours, UTC": lambda total: ", ".join(f"{hour:02}" for hour in total.busiest),
    "first": lambda total: f"{total.first:%Y-%m-%d %H:%M}",
    "last": lambda total: f"{total.last:%Y-%m-%d %H:%M}",
}


def table(known: Mapping[str, Totals], held: Held, each: pl.DataFrame) -> Table:
    """A column a source, a row a figure."""
    made = Table(
        "", title=f"Posts of /{held.board}/ that are held", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for name in known:
        made.add_column(name, justify="right")
    for what, told in _ROWS.items():
        made.add_row(what, *map(told, known.values()))
    if ALL in known:
        alone = dict(each.filter(pl.col("held_by") == 1).group_by("source").len().iter_rows())
        made.add_row("held by no other", *(f"{alone.get(name, 0):,}" for name in known if name != ALL))
    edits = held_edits(held.journal, held.sections)
    made.add_row("edits", *(f"{edits[name]:,}" for name in known if name != ALL))
    lengths = {name: replies(_of(held.posts, name)) for name in known}
    made.add_row("replies, median", *(_figure(one.median()) for one in lengths.values()))
    made.add_row("replies, at most", *(_figure(one.max()) for one in lengths.values()))
    return made


def _of(posts: pl.DataFrame, name: str) -> pl.DataFrame:
    return distinct(posts) if name == ALL else posts.filter(pl.col("source") == name)


def _figure(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else "no opening post held"


def file_table(files: Sequence[HeldFiles]) -> Table:
    """A row a kind and status, a column a source."""
    names = [name for name in SOURCES if any(each.source == name for each in files)]
    made = Table("files", "status", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        made.add_column(name, justify="right")
    counts = {(each.kind, each.status, each.source): each.files for each in files}
    for kind, status in dict.fromkeys((each.kind, each.status) for each in files):
        made.add_row(kind, status, *(f"{counts.get((kind, status, name), 0):,}" for name in names))
    return made


def _portrait(held: Held, each: pl.DataFrame, known: Mapping[str, Totals], way: Goal) -> Portrait:
    files = Counter[tuple[str, str]]()
    for one in held_files(held.journal, held.sections):
        files[one.kind, one.status] += one.files
    title = f"Posts of /{held.board}/ that are held"
    lengths = doubling(replies(distinct(held.posts)))
    return Portrait(title, way, week=week(each), replies=lengths, sources=known, files=files)
