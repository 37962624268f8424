"""bizmeme label extend: draw N posts more; none of the drawn ones is replaced.

They come from the posts held now, so that all together are spread as these are, have the role test, and are
pushed behind those that are there already.
"""

import argparse

from rich.console import Console

from bizmeme.apps.held import number
from bizmeme.apps.label.desk import desk
from bizmeme.apps.label.push import push
from bizmeme.shell.journals import alone, open_journal
from bizmeme.stages.sample import Params, extend


def options(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("posts", type=number, metavar="N", help="how many posts more")


def run(chosen: argparse.Namespace) -> None:
    """Draw, freeze, push; raises GateError where too few posts would be left to train on."""
    console = Console(soft_wrap=True, highlight=False)
    with desk(chosen.overrides) as here:
        workspace, values = here.workspace, here.params
        params = Params(sample=values.sample, split=values.split, seed=values.seed, sandbox=values.sandbox)
        here.annotator()  # before anything is drawn: can somebody be asked?
        with (
            alone(workspace.home, workspace.origin, doing="pushing tasks"),
            open_journal(workspace.home, workspace.origin) as journal,
        ):
            drawn = extend(params, workspace, journal, chosen.posts)
        console.print(
            f"{drawn.added} posts more, {len(drawn.sample)} in all; {drawn.training_left:,} posts with a "
            "picture are left to train on."
        )
        push(here, console)
