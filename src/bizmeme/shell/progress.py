"""Progress: on a terminal a moving bar or line, elsewhere nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


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


@contextmanager
def line() -> Iterator[Callable[[str], None]]:
    """One moving line: call the function with what it should say."""
    console = Console(stderr=True)
    with Live(console=console, transient=True, auto_refresh=False) as shown:
        yield lambda text: shown.update(Text(text), refresh=True) if console.is_terminal else None
