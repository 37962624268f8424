"""scrape: the configured source → the journal → data/raw, a sorted view of what the journal holds."""

import asyncio
import hashlib
from pathlib import PurePosixPath
from typing import Any

from bizmeme.core.settings import Plugin, Section
from bizmeme.ports.clocks import Clock
from bizmeme.ports.sources import Page, Source
from bizmeme.shell.builder import build
from bizmeme.shell.http import Politeness, polite_fetch
from bizmeme.shell.journal import Journal, open_journal
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
    """Collect what is new, then write everything held as data/raw/{pages,media}.parquet."""
    source, clock = build("source", params.source), build("clock", params.clock)
    name = params.source.name
    with open_journal(workspace.home, workspace.origin) as journal:
        asyncio.run(_collect(name, source, journal=journal, clock=clock, how=params.scrape.politeness))
        held = list(journal.pages(name))
    write_table(RawPages, _rows(name, held, media=False), workspace.write("data/raw/pages.parquet"))
    write_table(RawPages, _rows(name, held, media=True), workspace.write("data/raw/media.parquet"))


async def _collect(name: str, source: Source, *, journal: Journal, clock: Clock, how: Politeness) -> None:
    async with polite_fetch(name, urls=source.urls, politeness=how, journal=journal, clock=clock) as fetch:
        await source.collect(fetch)


def _rows(source: str, held: list[Page], *, media: bool) -> list[dict[str, Any]]:
    return [
        {
            "source": source,
            "path": page.path,
            "request_hash": hashlib.sha256(f"{source}\0{page.path}".encode()).hexdigest(),
            "status": page.status,
            "last_modified": page.last_modified,
            "body": page.body,
        }
        for page in held
        if (PurePosixPath(page.path).suffix != ".json") == media
    ]
