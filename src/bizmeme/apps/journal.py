"""`bizmeme journal status|restore`: what was received and paid for, also in a fresh clone.

    bizmeme journal status     what is held, what was paid to whom, what is in batches, what is in doubt
    bizmeme journal restore    after `dvc pull`: fill the journal from data/raw and data/auto_replies.parquet,
                               and freeze the sample in data/gold_sample.parquet, which people label

Both take overrides as a stage does (experiment=production) and mean the journal of the configured origin.
What a journal holds already is never replaced.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from bizmeme.errors import DataError
from bizmeme.shell.gold import SAMPLE, restore_sample
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore, media_folder
from bizmeme.shell.origins import RAW, strangers
from bizmeme.shell.parquet import read_table
from bizmeme.shell.paying.ledger import Reply
from bizmeme.shell.paying.statement import Line, doubts, statement
from bizmeme.shell.restoring import Restoring
from bizmeme.shell.workspace import Workspace, state_home
from bizmeme.tables.labels import AutoReplies, GoldSample

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
    _check_origin(journal.origin, [workspace.read(REPLIES), *sorted(folder.glob("*.parquet"))])
    store = MediaStore(media_folder(workspace.home, journal.origin))
    Restoring(journal, store, boards, folder).run()
    paid = replies.filter(pl.col("reply").is_not_null() | (pl.col("in_doubt_usd") > 0))
    by_model = paid.group_by("labeller", "model", maintain_order=True)
    for (labeller, model), rows in by_model:
        journal.ledger.restore_replies(_replies(rows), labeller=str(labeller), model=str(model))
    if (workspace.root / SAMPLE).exists():
        restore_sample(journal, read_table(GoldSample, workspace.read(SAMPLE)))


def _check_origin(configured: str, files: Iterable[Path]) -> None:
    for other in strangers(files, origin=configured):
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
    """What is held; what was paid to whom; and, where there is any, what is in doubt."""
    held = Table(title=f"Journal of '{journal.origin}'", show_header=False)
    for what, count in journal.counts().items():
        held.add_row(what, f"{count:,}")
    lines = statement(journal.ledger)
    tables = [held, _paid(lines)] if lines else [held]
    return [*tables, _doubts(journal)] if any(each.in_doubt for each in lines) else tables


def _paid(lines: Sequence[Line]) -> Table:
    """Who was paid what; sums where there are several."""
    table = Table("asked", title="Vision APIs")
    for name in ("model", "how"):
        table.add_column(name, no_wrap=True)
    for name in ("answers", "paid", "in batches", "in doubt"):
        table.add_column(name, justify="right")
    for each in lines:
        table.add_row(each.labeller or "?", each.model, each.how, *_amounts([each]))
    if len(lines) > 1:
        table.add_section()
        table.add_row("all", "", "", *_amounts(lines))
    return table


def _amounts(lines: Sequence[Line]) -> list[str]:
    under_way, in_doubt = (sum(getattr(each, name) for each in lines) for name in ("under_way", "in_doubt"))
    under_way_usd, in_doubt_usd = (
        sum(getattr(each, name) for each in lines) for name in ("under_way_usd", "in_doubt_usd")
    )
    return [
        f"{sum(each.answers for each in lines):,}",
        f"${sum(each.paid_usd for each in lines):.4f}",
        f"{under_way:,}: ${under_way_usd:.4f}" if under_way else "",
        f"{in_doubt:,}: ${in_doubt_usd:.4f}" if in_doubt else "",
    ]


def _doubts(journal: Journal) -> Table:
    """The requests that were in flight when a run was killed, or are right now; batches under way are not."""
    found = [each for each in doubts(journal.ledger) if not each.under_way]
    table = Table(
        "request", "model", "reserved", "answered since", title="In doubt: sent, and no answer came"
    )
    for each in found[:_DOUBTS_SHOWN]:
        answered = "yes" if journal.ledger.reply(each.request_hash) else "no"
        table.add_row(each.request_hash[:16], each.model, f"${each.reserved_usd:.4f}", answered)
    if len(found) > _DOUBTS_SHOWN:
        table.add_row(f"and {len(found) - _DOUBTS_SHOWN} more", "", "", "")
    return table
