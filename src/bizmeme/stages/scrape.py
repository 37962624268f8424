"""scrape: the sources, asked once more where so configured → the journal → data/raw, a sorted view of it."""

import asyncio
from collections import Counter
from typing import Any

from bizmeme.core.settings import Plugin, Plugins, PositiveInt, Section
from bizmeme.errors import ConfigError
from bizmeme.shell.collecting import Collecting, Progress, collect, figures
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.media_store import MediaStore, media_folder
from bizmeme.shell.parquet import write_batches, write_json
from bizmeme.shell.progress import line
from bizmeme.shell.raw import GROUPS, Raw
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.raw import RawFiles, RawLabels, RawPages, RawPosts, RawReplies

TABLES = {
    "posts": RawPosts,
    "pages": RawPages,
    "files": RawFiles,
    "labels": RawLabels,
    "replies": RawReplies,
}
"""The tables in data/raw, by the name of their file."""


class ScrapeConfig(Section):
    """What is asked for before the journal is read."""

    collect: tuple[str, ...]
    """Sections of `source` to collect once, in this order; empty: take what the journal holds."""

    tries: PositiveInt
    """After so many a busy host ends the stage, where `bizmeme collect` goes by collect.manners.tries."""


class Params(Section):
    """The sections that this stage reads."""

    source: Plugins
    clock: Plugin
    collect: Collecting
    scrape: ScrapeConfig
    sandbox: dict[str, Any] | None


def run(params: Params, workspace: Workspace) -> None:
    """Collect what is new, then write everything held of the configured sources.

    Raises ConfigError for a source that is not configured.
    """
    store = MediaStore(media_folder(workspace.home, workspace.origin))
    boards = {name: str(section.model_dump()["board"]) for name, section in params.source.items()}
    with open_journal(workspace.home, workspace.origin) as journal:
        counted = {name: _collected(name, params, journal, workspace) for name in params.scrape.collect}
        raw = Raw(journal, store, boards)
        with journal.snapshot():
            for name, schema in TABLES.items():
                path = workspace.write(f"data/raw/{name}.parquet")
                write_batches(schema, raw.batches(schema), path, group_rows=GROUPS[schema])
    write_json(
        {name: figures(counts) for name, counts in counted.items()}, workspace.write("metrics/scrape.json")
    )


def _collected(name: str, params: Params, journal: Journal, workspace: Workspace) -> Counter[str]:
    """Collect one source, one look; what was counted."""
    if name not in params.source:
        raise ConfigError(
            f"scrape.collect names '{name}'; `source` has {', '.join(sorted(params.source))}. "
            "Fix conf/scrape/."
        )
    counts: Counter[str] = Counter()
    source = params.source[name]
    manners = params.collect.manners.model_copy(update={"tries": params.scrape.tries})
    once = params.collect.model_copy(update={"once": True, "hours": None, "manners": manners})

    with alone(workspace.home, workspace.origin, doing=f"collecting {name}"), line() as show:

        def tell(progress: Progress) -> None:
            counts.clear()
            counts.update(progress.counts)
            show(f"{name}: {progress.text}")

        asyncio.run(collect(source, params.clock, once, tell, journal=journal))
    return counts
