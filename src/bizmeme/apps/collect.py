"""`bizmeme collect`: watch the board for days, or walk an archive, and hold every post that it shows.

    bizmeme collect                          the board, until Ctrl-C; started again it goes on
    bizmeme collect collect.once=true        one look, everything that it shows, then the end
    bizmeme collect source=warosu source.from=2025-10-13 source.to=2025-10-14
                                             two days of the archive, both included; source.mode=continue or
                                             backfill goes on from there, source.search=… looks for words
    bizmeme collect source=imported          pictures of imported posts that the board's host has
    bizmeme collect experiment=production    the real ones: needs $BIZMEME_CONTACT, your address

Takes overrides as a stage does; source=… picks one of the configured sources, source.from is that one's.
What is received is written down before the next question, below $BIZMEME_HOME. The stage `scrape` reads it:
`make refresh-posts`.
"""

import argparse
import asyncio
import contextlib
import gc
import itertools
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bizmeme.core.settings import Plugin, Plugins, Section
from bizmeme.errors import ConfigError
from bizmeme.shell.builder import checked
from bizmeme.shell.collecting import SUMMARY, Collecting, Progress, Tell, collect
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.progress import line
from bizmeme.shell.workspace import state_home

_WATCHED = "board"  # where no source is picked
_THEN = "Kept. `make refresh-posts` runs the pipeline on it."
_LOGGED_CYCLES = 60  # where there is no terminal, a line about once an hour


class Params(Section):
    """The sections that this command reads."""

    source: Plugins
    clock: Plugin
    collect: Collecting
    sandbox: dict[str, Any] | None


def main(arguments: list[str]) -> None:
    """Collect until Ctrl-C, `collect.hours`, or the end of one look; prints a summary."""
    from bizmeme.stages.compose import composed_yaml
    from bizmeme.stages.runner import addresses, origin, sections_of

    parser = argparse.ArgumentParser(
        prog="bizmeme collect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a stage: collect.once=true")
    options = parser.parse_args(arguments)
    home = state_home()
    name, overrides = picked(options.overrides, known=_known(Path("conf")))
    sections = sections_of(Params, composed_yaml(Path("conf"), overrides).config)
    world = origin(sections["sandbox"])
    gc.freeze()  # what was imported stays: no need to look through it again and again
    # The lock is waited for before Ctrl-C is taken over.
    with addresses(sections, home=home) as found, alone(home, world, doing=f"collecting {name}"):
        params = checked(Params, found, where="")
        counts = asyncio.run(_until_signalled(name, params, home, world))
    Console(soft_wrap=True).print(summary(counts), _THEN, sep="\n")


def _known(conf: Path) -> list[str]:
    return sorted(path.stem for path in (conf / "source").glob("*.yaml"))


def picked(overrides: list[str], *, known: list[str]) -> tuple[str, list[str]]:
    """The source that `source=…` picks, and the other overrides, with source.from as source.warosu.from.

    Raises ConfigError for a source that there is not.
    """
    names = [each.removeprefix("source=") for each in overrides if each.startswith("source=")]
    name = names[-1] if names else _WATCHED
    if name not in known:
        raise ConfigError(f"source={name}: there is no such source. Known: {', '.join(known)}.")
    return name, [_placed(each, name, known) for each in overrides if not each.startswith("source=")]


def _placed(override: str, name: str, known: list[str]) -> str:
    """source.from=… → source.warosu.from=…; what names its section already stays."""
    head, _, rest = override.partition(".")
    section, dot, _ = rest.partition("=")[0].partition(".")
    return override if head != "source" or (dot and section in known) else f"source.{name}.{rest}"


async def _until_signalled(name: str, params: Params, home: Path, origin: str) -> Counter[str]:
    """Collect; Ctrl-C and SIGTERM end it where nothing is half written."""
    counts: Counter[str] = Counter()
    console = Console(stderr=True)
    with line() as show:
        cycles = itertools.count()

        def tell(progress: Progress) -> None:
            counts.clear()
            counts.update(progress.counts)
            show(progress.text)
            if not console.is_terminal and next(cycles) % _LOGGED_CYCLES == 0:
                console.print(progress.text, soft_wrap=True, highlight=False)

        task = asyncio.ensure_future(_collect(name, params, home, origin, tell))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return counts


async def _collect(name: str, params: Params, home: Path, origin: str, tell: Tell) -> None:
    with open_journal(home, origin) as journal:
        source = params.source[name]
        await collect(source, params.clock, params.collect, tell, journal=journal)


def summary(counts: Counter[str]) -> Table:
    """What came of it: counts that are not zero, the share of 304s, and requests per new post."""
    table = Table(title="Collected", show_header=False)
    for name, what in SUMMARY:
        if counts[name]:
            table.add_row(what, f"{counts[name]:,}")
    if counts["requests"]:
        table.add_row("of the requests, unchanged", f"{counts['status 304'] / counts['requests']:.0%}")
    if counts["posts"]:
        table.add_row("requests per new post", f"{counts['requests'] / counts['posts']:.2f}")
    return table
