"""bizmeme label push: push the gold sample to Label Studio, one project a person.

The first push freezes the sample: from then on posts are only added (`bizmeme label extend`). What is there
already is left alone, so that running it twice changes nothing. Then every picture is looked for.
"""

import argparse

from rich.console import Console
from rich.table import Table

from bizmeme.apps.label.desk import Desk, desk
from bizmeme.errors import ServiceError
from bizmeme.shell.gold import check_unchanged

_SHOWN = 10


def options(parser: argparse.ArgumentParser) -> None:
    """Its own options: none."""


def run(chosen: argparse.Namespace) -> None:
    """Freeze, push, look for the pictures; raises ServiceError where some do not answer."""
    with desk(chosen.overrides) as here:
        push(here, Console(soft_wrap=True, highlight=False))


def push(here: Desk, console: Console) -> None:
    """Push what is missing and say what was added."""
    asking, annotator = here.asking(), here.annotator()
    check_unchanged(asking.sample, here.params.sample)
    pushed = asking.push(annotator, here.workspace).pushed
    table = Table(
        "project", "tasks", "added now", "label them here", title=f"{len(asking.shown)} posts to label"
    )
    table.columns[-1].overflow = "fold"  # an address stays whole
    for each in pushed:
        table.add_row(each.project, str(each.tasks), str(each.added), each.page or "")
    console.print(table)
    if asking.gone:
        console.print(f"{asking.gone} sampled posts have no picture any more and are shown to nobody.")
    if missing := annotator.unreachable([each.project for each in pushed]):
        named = ", ".join(missing[:_SHOWN]) + (" …" if len(missing) > _SHOWN else "")
        raise ServiceError(
            f"{len(missing)} pictures do not answer: {named}. With annotator.pictures=folder the server must "
            "be that of `make label-studio` on this machine, with the same $BIZMEME_HOME; for another one "
            "set annotator.pictures=inside. Then push again."
        )
    console.print("Every picture answers. When people have labelled: `make refresh-labels`.")
