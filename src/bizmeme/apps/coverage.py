"""`bizmeme coverage`: what is held by day and source, what is missing, and how to fill the gaps.

    bizmeme coverage                            a table, the gaps, and coverage.png
    bizmeme coverage --by week --no-png         day, week or month (default: the finest with 60 rows at most)
    bizmeme coverage --source warosu            what the archive gave alone
    bizmeme coverage --opening-posts            count opening posts alone
    bizmeme coverage experiment=production      of the real board

Takes overrides as a stage does and reads the journal of the configured origin. Days are UTC. "missing" are
post numbers that no source holds, "in gaps" those in runs too long for deletions.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

from bizmeme.apps.held import Held, counted, looking, options
from bizmeme.core.coverage import ALL, STEPS, Every, Scope, by_time, distinct, in_scope, legible
from bizmeme.core.gaps import Fill, behind, command, fills, missing_by_time, numbered, runs, shortest_gap
from bizmeme.core.goal import Goal, goal
from bizmeme.core.marks import held_out, told
from bizmeme.shell.coverage_plot import Drawing, coverage_plot

COUNTS = ("posts", "threads", "pictures")
_GAPS_SHOWN = 12
_OF_A_WORLD = (
    "Most numbers of a simulated board belong to threads outside of its world: they are missing for good."
)


def main(arguments: list[str]) -> None:
    """Print the table and the gaps, draw the picture."""
    parser = options("coverage", __doc__)
    parser.add_argument("--by", choices=("day", "week", "month"), help="how much time a row covers")
    chosen = parser.parse_intermixed_args(arguments)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    with looking(chosen) as held:
        scope = in_scope(held.posts)
        shown = counted(scope.posts, chosen)
        if shown.is_empty():
            console.print(held.nothing(chosen))
            return
        way = goal(distinct(counted(held.posts, chosen)), chosen.goal, now=held.now)
        drawing = _drawing(held, scope.posts, shown, way=way)
        console.print(table(shown, drawing, every=chosen.by or legible(shown)))
        console.print(*_remarks(held, scope, drawing, overrides=chosen.overrides), str(way), sep="\n")
        if not chosen.no_png:
            coverage_plot(drawing, chosen.png)
            console.print(f"Drawn: {chosen.png}")


def _remarks(held: Held, scope: Scope, drawing: Drawing, *, overrides: list[str]) -> Iterator[RenderableType]:
    """What stands below the table: what is left out, the gaps, and what fills them."""
    if held.params.sandbox is not None:
        yield _OF_A_WORLD
    if scope.aside:
        yield f"Left out: {scope.aside:,} posts of sticky threads, or far from all others."
    yield from gap_table(drawing.gaps, drawing.shortest)
    late = behind(scope.posts, now=held.now)
    yield from _commands(fills(pl.concat([drawing.gaps, late]), now=held.now), held, overrides)


def _drawing(held: Held, posts: pl.DataFrame, shown: pl.DataFrame, *, way: Goal) -> Drawing:
    """What is counted is `shown`; numbers are missing where none of `posts` has them."""
    missing, each, shortest = runs(posts), distinct(shown), shortest_gap(posts)
    first, last = (moment.date() for moment in (each["posted_at"].min(), each["posted_at"].max()))  # type: ignore[union-attr]
    return Drawing(
        title=f"Posts of /{held.board}/ that are held",
        posts=each,
        missing=missing,
        gaps=missing.filter(pl.col("count") >= shortest),
        shortest=shortest,
        goal=way,
        periods=held.periods,
        held_out=held_out(first, last, held.params.split, seed=held.params.seed),
    )


def table(shown: pl.DataFrame, drawing: Drawing, *, every: Every) -> Table:
    """A row a stretch of time, below it one a source where there are several."""
    sources = sorted(shown["source"].unique())
    several, gaps = len(sources) > 1, not drawing.gaps.is_empty()
    title = f"{drawing.title}, by {every}" if several else f"{drawing.title} ({sources[0]}), by {every}"
    made = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    made.add_column(every, no_wrap=True)
    for name in (*["source"][:several], *COUNTS, "missing", *["in gaps"][:gaps]):
        made.add_column(name, justify="left" if name == "source" else "right")
    for name, marks in (("market", drawing.periods), ("held out", drawing.held_out)):
        if marks:
            made.add_column(name)
    for row in _rows(shown, drawing, every).iter_rows(named=True):
        counts = [f"{row[name]:,}" for name in COUNTS]
        if row["source"] == ALL:
            numbers = [f"{row[name]:,}" for name in ("missing", *["in_gaps"][:gaps])]
            when = row["begins"].date().isoformat()
            made.add_row(when, *[ALL][:several], *counts, *numbers, *_marks(row, drawing))
        elif several:
            made.add_row("", row["source"], *counts, style="dim")
    return made


def _rows(shown: pl.DataFrame, drawing: Drawing, every: Every) -> pl.DataFrame:
    """The rows of core.coverage.by_time with `missing`, `in_gaps` and when each stretch `ends`."""
    rows = by_time(shown, every)
    for name, numbers in (("missing", drawing.missing), ("in_gaps", drawing.gaps)):
        counted_by = missing_by_time(numbers, every).rename({"count": name})
        rows = rows.join(counted_by, on="begins", how="left", maintain_order="left")
    return rows.with_columns(
        pl.col("missing", "in_gaps").fill_null(0), ends=pl.col("begins").dt.offset_by(STEPS[every])
    )


def _marks(row: dict[str, datetime], drawing: Drawing) -> list[str]:
    first, last = row["begins"].date(), (row["ends"] - timedelta(days=1)).date()
    return [told(marks, first, last) for marks in (drawing.periods, drawing.held_out) if marks]


def gap_table(gaps: pl.DataFrame, shortest: int) -> list[RenderableType]:
    """The longest gaps, in order of time."""
    if gaps.is_empty():
        return [f"No gap: nowhere are {shortest:,} numbers or more missing in a row."]
    longest = gaps.sort("count", descending=True).head(_GAPS_SHOWN).sort("after")
    title = f"{numbered(len(gaps), int(gaps['count'].sum()))} (a gap: at least {shortest:,} in a row)"
    made = Table("after", "until", title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("first", "last", "numbers"):
        made.add_column(name, justify="right")
    for after, until, *numbers in longest.select("after", "until", "first", "last", "count").iter_rows():
        moments = (f"{moment:%Y-%m-%d %H:%M}" for moment in (after, until))
        made.add_row(*moments, str(numbers[0]), str(numbers[1]), f"{numbers[2]:,}")
    rest = len(gaps) - len(longest)
    return [made, *([f"and {rest:,} shorter ones."] if rest else [])]


def _commands(found: list[Fill], held: Held, overrides: list[str]) -> list[str]:
    """What to type to fill them; the same words as the user typed select the world."""
    lines = list[str]()
    kept = [each for each in overrides if not each.startswith("source=")]
    for fill in found:
        typed = command(fill, overrides=kept)
        lines.append(f"  {typed}    # {fill}" if typed else f"  nobody shows them: {fill}")
    return ["\n".join(["To fill them:", *lines])] if lines else []
