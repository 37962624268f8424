"""bizmeme label reset: forget the frozen sample, so that another one can be drawn.

The projects on the server are renamed and keep their labels; exports fetched before stay below $BIZMEME_HOME.
"""

import argparse

from rich.console import Console

from bizmeme.apps.label.desk import desk
from bizmeme.errors import ConfigError
from bizmeme.shell.journals import alone, open_journal
from bizmeme.stages.sample import reset


def options(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument(
        "--yes", action="store_true", help="do it: people's work so far is for another sample"
    )


def run(chosen: argparse.Namespace) -> None:
    """Rename the projects, then forget the sample; raises ConfigError without --yes."""
    console = Console(soft_wrap=True, highlight=False)
    with desk(chosen.overrides) as here:
        workspace = here.workspace
        if not chosen.yes:
            raise ConfigError(
                f"This forgets the frozen sample of '{workspace.origin}': what people labelled stays on the "
                "server and counts no more. `bizmeme label reset --yes` does it."
            )
        with alone(workspace.home, workspace.origin, doing="pushing tasks"):
            for title in here.annotator().retire():
                console.print(f"Kept on the server as '{title}'.")
            with open_journal(workspace.home, workspace.origin) as journal:
                count = reset(journal)
    console.print(f"{count} posts are no longer frozen. `make refresh-labels` draws anew and pushes.")
