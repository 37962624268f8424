"""Progress bars: on a terminal a moving line, elsewhere nothing."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar titled `what`; call the function once an item, with a note to show beside the bar."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(what, total=total, note="")
        yield lambda note: bars.update(task, advance=1, note=note)


def track(items: Collection[T], what: str) -> Iterator[T]:
    """Yield the items behind a bar titled `what`."""
    with counting(what, len(items)) as tick:
        for item in items:
            yield item
            tick("")
