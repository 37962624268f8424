"""Stands in for `python`: runs a stage as usual, and pulls the plug at one exact place.

    AIM="ledger.settle before 17 KILL" python tests/aim.py -m bizmeme auto_label …

The 17th time that a reply is about to be written down, the process kills itself, as kill -9 does; INT goes to
the whole process group, as Ctrl-C does. Production code knows nothing of it.
"""

import importlib
import os
import runpy
import signal
import sys
from collections.abc import Callable
from typing import Any

# Place → module and attribute; each is looked up through its module or class when it is called.
PLACES = {
    "journal.keep": ("bizmeme.shell.journal", "Journal.keep"),
    "ledger.reserve": (
        "bizmeme.shell.paying.ledger",
        "Ledger.reserve",
    ),
    "ledger.settle": ("bizmeme.shell.paying.ledger", "Ledger.settle"),
    "ledger.price": ("bizmeme.shell.paying.ledger", "Ledger.price"),
    "ledger.release": ("bizmeme.shell.paying.ledger", "Ledger.release"),
    "ledger.commit": ("bizmeme.shell.paying.commits", "Commits._commit"),
    "batch.made": ("bizmeme.shell.paying.batch_book", "BatchBook.make"),  # reserved; not sent
    "batch.named": ("bizmeme.shell.paying.batch_book", "BatchBook.name"),  # its vendor has it; not noted
    "batch.ended": ("bizmeme.shell.paying.batch_book", "BatchBook.end"),  # fetched; not written down
    "batch.lost": ("bizmeme.shell.paying.batch_book", "BatchBook.lose"),
    "holdings.write": ("bizmeme.shell.holdings", "Holdings.write"),
    "holdings.posts": ("bizmeme.shell.holdings", "Holdings._write_posts"),  # within the transaction
    "holdings.validator": ("bizmeme.shell.holdings", "Holdings._note_validator"),  # the last thing in it
    "files.wanted": ("bizmeme.shell.file_notes", "FileNotes.want"),
    "files.noted": ("bizmeme.shell.file_notes", "FileNotes.note_file"),
    "media.renamed": ("pathlib", "Path.replace"),
    "budget.written": ("bizmeme.shell.budgets", "Budget._changed"),
    "walk.noted": ("bizmeme.collectors.warosu.reach", "Reach.walked"),
    "imports.posts": ("bizmeme.shell.imports", "Imports.add_posts"),
    "imports.labels": ("bizmeme.shell.imports", "Imports.add_labels"),
    "imports.pictures": ("bizmeme.shell.imports", "Imports.add_pictures"),
    "imports.row": ("bizmeme.shell.imports", "Imports._add"),  # within a transaction
    "scrape.table": ("bizmeme.stages.scrape", "write_batches"),
    "scrape.figures": ("bizmeme.stages.scrape", "write_json"),
    "parse.picture": ("bizmeme.shell.image_store", "ImageStore.put"),
    "parse.table": ("bizmeme.stages.parse", "write_table"),
    "checkpoint.file": ("torch", "save"),
    "checkpoint.marked": ("bizmeme.qwen_vl.watch", "Completed.on_save"),
    "run.recorded": ("bizmeme.trackers.mlflow", "MlflowTracker.record"),
    "output.table": ("bizmeme.shell.parquet", "write_table"),
    "output.json": ("bizmeme.shell.parquet", "write_json"),
    "output.compose": ("pathlib", "Path.write_text"),
}


def main() -> None:
    """Take aim, then be `python -m <module> …`."""
    _, flag, module, *arguments = sys.argv
    assert flag == "-m"
    sys.path.insert(0, "")  # as `python -m` does
    if os.environ.get("AIM"):
        aim(os.environ["AIM"])
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def aim(at: str) -> None:
    """Make the place that `at` names pull the plug, before or after its n-th call."""
    place, moment, number, name = at.split()
    module, path = PLACES[place]
    *owner_path, attribute = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owner_path:
        owner = getattr(owner, part)
    pull = _kill if name == "KILL" else _interrupt
    setattr(owner, attribute, _counted(getattr(owner, attribute), moment, int(number), pull))


def _counted(original: Callable[..., Any], moment: str, number: int, pull: Callable[[], None]) -> Any:
    left = number

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and moment == "before":
            pull()
        result = original(*arguments, **named)
        if left == 0 and moment == "after":
            pull()
        return result

    return called


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupt() -> None:
    os.killpg(0, signal.SIGINT)


if __name__ == "__main__":
    main()
