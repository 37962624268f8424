"""`bizmeme journal status|restore`: what was received and paid for, also in a fresh clone.

    bizmeme journal status     what is held, what it cost, what is in doubt
    bizmeme journal restore    after `dvc pull`: fill the journal from data/raw and data/auto_replies.parquet,
                               and freeze the sample in data/gold_sample.parquet, which people label

Both take overrides as a stage does (experiment=production) and mean the journal of the configured origin.
What a journal holds already is never replaced.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from bizmeme.errors import DataError
from bizmeme.shell.gold import SAMPLE, restore_sample
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore, media_folder
from bizmeme.shell.parquet import read_table
from bizmeme.shell.paying.ledger import Reply
from bizmeme.shell.restoring import Restoring
from bizmeme.shell.workspace import Workspace, state_home
from bizmeme.tables.labels import AutoReplies, GoldSample

RAW = "data/raw"
REPLIES = "data/auto_replies.parquet"
_DOUBTS_SHOWN = 20


def main(arguments: list[str]) -> None:
    """Run one of the two; raises DataError where the tables are missing or of another origin."""
    parser = argparse.ArgumentParser(
        prog="bizmeme journal", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("status", "restore"))
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a stage: experiment=small")
    options = parser.parse_args(arguments)
    home = state_home()
    origin, boards = _configured(options.overrides)
    workspace = Workspace(Path.cwd(), Path.cwd(), home, origin)
    with open_journal(home, origin) as journal:
        if options.action == "restore":
            restore(journal, workspace, boards)
        Console(soft_wrap=True).print(*status(journal), sep="\n")


def _configured(overrides: list[str]) -> tuple[str, dict[str, str]]:
    """The origin, and each source's board."""
    from bizmeme.stages.compose import composed_yaml
    from bizmeme.stages.runner import origin

    config = composed_yaml(Path("conf"), overrides).config
    boards = {name: str(section["board"]) for name, section in config["source"].items()}
    return origin(config["sandbox"]), boards


def restore(journal: Journal, workspace: Workspace, boards: Mapping[str, str]) -> None:
    """Write down everything that the pulled tables carry and the journal lacks."""
    folder = workspace.read(f"{RAW}/posts.parquet").parent
    replies = read_table(AutoReplies, workspace.read(REPLIES))
    tables = (
        pl.scan_parquet(path).select("origin").unique().collect() for path in sorted(folder.glob("*.parquet"))
    )
    _check_origin(journal.origin, replies, *tables)
    store = MediaStore(media_folder(workspace.home, journal.origin))
    Restoring(journal, store, boards, folder).run()
    paid = replies.filter(pl.col("reply").is_not_null() | (pl.col("in_doubt_usd") > 0))
    by_model = paid.group_by("labeller", "model", maintain_order=True)
    for (labeller, model), rows in by_model:
        journal.ledger.restore_replies(_replies(rows), labeller=str(labeller), model=str(model))
    if (workspace.root / SAMPLE).exists():
        restore_sample(journal, read_table(GoldSample, workspace.read(SAMPLE)))


def _check_origin(configured: str, *tables: pl.DataFrame) -> None:
    for other in {name for table in tables for name in table["origin"].unique()} - {configured}:
        raise DataError(
            f"The tables in data/ are of '{other}', the configuration of '{configured}'. Name the experiment "
            "that they were made with, as in `bizmeme journal restore experiment=small`."
        )


def _replies(rows: pl.DataFrame) -> Iterator[tuple[str, Reply | None, float]]:
    """Each request once, since copies of a post share one; without a reply what it may have cost."""
    distinct = rows.unique("request_hash", maintain_order=True)
    columns = distinct.select("request_hash", "reply", "cost_usd", "in_doubt_usd")
    for request_hash, reply, cost_usd, in_doubt_usd in columns.iter_rows():
        yield request_hash, None if reply is None else Reply(reply, cost_usd), in_doubt_usd


def status(journal: Journal) -> list[Table]:
    """What is held and spent; and, where there is any, what is in doubt."""
    spent = journal.ledger.spending()
    held = Table(title=f"Journal of '{journal.origin}'", show_header=False)
    for what, count in journal.counts().items():
        held.add_row(what, f"{count:,}")
    held.add_row("paid", f"${spent.settled_usd:.4f}")
    held.add_row("in doubt", f"{spent.in_doubt} sends, ${spent.in_doubt_usd:.4f} reserved")
    return [held, _doubts(journal)] if spent.in_doubt else [held]


def _doubts(journal: Journal) -> Table:
    """The requests that were in flight when a run was killed, or are right now."""
    doubts = journal.ledger.doubts()
    table = Table(
        "request", "model", "reserved", "answered since", title="Reserved, without an answer so far"
    )
    for each in doubts[:_DOUBTS_SHOWN]:
        answered = "yes" if journal.ledger.reply(each.request_hash) else "no"
        table.add_row(each.request_hash[:16], each.model, f"${each.reserved_usd:.4f}", answered)
    if len(doubts) > _DOUBTS_SHOWN:
        table.add_row(f"and {len(doubts) - _DOUBTS_SHOWN} more", "", "", "")
    return table
