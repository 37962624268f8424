"""`bizmeme collect`: watch the configured source for days, and hold every post that it shows.

    bizmeme collect                          until Ctrl-C; started again it goes on
    bizmeme collect collect.once=true        one look, everything that it shows, then the end
    bizmeme collect source=warosu source.from=2025-10-13 source.to=2025-10-14
                                             two days of the archive, both included; source.mode=continue or
                                             backfill goes on from there, source.search=… looks for words
    bizmeme collect experiment=production    the real board: needs $BIZMEME_CONTACT, your address; with
                                             source=warosu, source.base_url=https://warosu.org and
                                             source.media_url=https://i.warosu.org the real archive

Takes overrides as a stage does. What is received is written down before the next question, below
$BIZMEME_HOME. The pipeline does not read it yet: its stage `scrape` still collects for itself.
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
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bizmeme.core.settings import Plugin, Section
from bizmeme.shell.builder import build, checked
from bizmeme.shell.collecting import SUMMARY, Collecting, Collector, Means, Progress, Tell
from bizmeme.shell.hosts import visiting
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.shell.workspace import state_home

_NOT_YET = "The stage `scrape` does not read this yet; it is kept for when it does."
_LOGGED_CYCLES = 60  # where there is no terminal, a line about once an hour


class Params(Section):
    """The sections that this command reads."""

    source: Plugin
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
    sections = sections_of(Params, composed_yaml(Path("conf"), options.overrides).config)
    world = origin(sections["sandbox"])
    doing = f"collecting {sections['source']['name']}"
    gc.freeze()  # what was imported stays: no need to look through it again and again
    # The lock is waited for before Ctrl-C is taken over.
    with addresses(sections, home=home) as found, alone(home, world, doing=doing):
        params = checked(Params, found, where="")
        counts = asyncio.run(_until_signalled(params, home, world))
    Console(soft_wrap=True).print(summary(counts), _NOT_YET, sep="\n")


async def _until_signalled(params: Params, home: Path, origin: str) -> Counter[str]:
    """Collect; Ctrl-C and SIGTERM end it where nothing is half written."""
    counts: Counter[str] = Counter()
    console = Console(stderr=True)
    with Live(console=console, transient=True, auto_refresh=False) as line:
        cycles = itertools.count()

        def tell(progress: Progress) -> None:
            counts.clear()
            counts.update(progress.counts)
            if console.is_terminal:
                line.update(status(progress), refresh=True)
            elif next(cycles) % _LOGGED_CYCLES == 0:
                console.print(status(progress), soft_wrap=True)

        task = asyncio.ensure_future(_collect(params, home, origin, tell))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return counts


async def _collect(params: Params, home: Path, origin: str, tell: Tell) -> None:
    collector: Collector = build("collector", params.source)
    with open_journal(home, origin) as journal:
        async with (
            visiting(params.collect.manners, home / "hosts") as visit,
            build("clock", params.clock).session() as timer,
        ):
            means = Means(visit, journal, MediaStore(home / "media" / origin), timer)
            await collector.collect(means, params.collect, tell)


def status(progress: Progress) -> Text:
    """The one line that moves."""
    counts = progress.counts
    told = [
        f"{counts['posts']:,} new posts",
        f"{counts['deletions']:,} deleted",
        f"{counts['edits']:,} edited",
        f"{counts['files']:,} files",
        f"{counts['requests']:,} requests",
        f"{progress.pending} threads to fetch",
        f"next look in {progress.interval_s:.0f} s",
    ]
    return Text(", ".join(told))


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
