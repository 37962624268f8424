"""scrape: the configured source → the journal → data/raw, a sorted view of what the journal holds."""

import asyncio
import hashlib
from pathlib import PurePosixPath
from typing import Any

from bizmeme.core.settings import Plugin, Section
from bizmeme.errors import ConfigError
from bizmeme.ports.clocks import Clock
from bizmeme.ports.sources import Source
from bizmeme.shell.builder import build
from bizmeme.shell.http import Politeness, polite_fetch
from bizmeme.shell.journal import Held, Journal
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.parquet import write_table
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import RawPages


class ScrapeConfig(Section):
    """How the source is asked."""

    politeness: Politeness
    """Rate, name, patience."""


class Params(Section):
    """The sections that this stage reads."""

    source: Plugin
    clock: Plugin
    scrape: ScrapeConfig
    sandbox: dict[str, Any] | None


def run(params: Params, workspace: Workspace) -> None:
    """Collect what is new, then write everything held as data/raw/{pages,media}.parquet.

    Raises ConfigError for a source that only `bizmeme collect` knows to ask.
    """
    if params.source.name != "board":
        raise ConfigError(
            f"The pipeline reads the board alone, not '{params.source.name}'. `bizmeme collect "
            f"source={params.source.name}` brings it into the journal, for when the pipeline does."
        )
    source, clock = build("source", params.source), build("clock", params.clock)
    name = params.source.name
    with open_journal(workspace.home, workspace.origin) as journal:
        with alone(workspace.home, workspace.origin, doing="collecting"):
            asyncio.run(_collect(name, source, journal=journal, clock=clock, how=params.scrape.politeness))
        rows = [_row(name, journal.origin, held) for held in journal.pages(name)]
    for table, of_pages in (("pages", True), ("media", False)):
        chosen = [row for row in rows if (PurePosixPath(row["path"]).suffix == ".json") == of_pages]
        write_table(RawPages, chosen, workspace.write(f"data/raw/{table}.parquet"))


async def _collect(name: str, source: Source, *, journal: Journal, clock: Clock, how: Politeness) -> None:
    async with polite_fetch(name, urls=source.urls, politeness=how, journal=journal, clock=clock) as fetch:
        await source.collect(fetch)


def _row(source: str, origin: str, held: Held) -> dict[str, Any]:
    return {
        "source": source,
        "path": held.page.path,
        "request_hash": hashlib.sha256(f"{source}\0{held.page.path}".encode()).hexdigest(),
        "origin": origin,
        "frozen": held.frozen,
        "status": held.page.status,
        "last_modified": held.page.last_modified,
        "body": held.page.body,
    }
