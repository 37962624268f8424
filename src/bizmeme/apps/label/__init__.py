"""`bizmeme label`: what people label, and how far they are.

    bizmeme label push          the gold sample to Label Studio, a project a person; the first push freezes it
    bizmeme label status        done, skipped, by class, stratum, person; what is missing; agreement so far
    bizmeme label extend 200    draw 200 posts more; none of the drawn ones is replaced
    bizmeme label queue 100     a project of its own with the posts that teach most; never gold
    bizmeme label export --csv labels.csv       image_path,text,label
    bizmeme label reset         forget the frozen sample, so that another one can be drawn

All take overrides as a stage does (experiment=production). `make label-studio` starts a server of your own,
`make refresh-labels` fetches what people said and runs what depends on it.
"""

import argparse
import importlib

_ACTIONS = ("push", "status", "extend", "queue", "export", "reset")


def main(arguments: list[str]) -> None:
    """Run one of them; its file has its own options."""
    parser = argparse.ArgumentParser(
        prog="bizmeme label", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", metavar="|".join(_ACTIONS), required=True)
    modules = {action: importlib.import_module(f"bizmeme.apps.label.{action}") for action in _ACTIONS}
    for action, module in modules.items():
        summary = (module.__doc__ or "").splitlines()[0].partition(": ")[2]
        formatter = argparse.RawDescriptionHelpFormatter
        own = actions.add_parser(action, help=summary, description=module.__doc__, formatter_class=formatter)
        module.options(own)
        own.add_argument(
            "overrides", nargs="*", metavar="key=value", help="as for a stage: experiment=production"
        )
    chosen = parser.parse_args(arguments)
    modules[chosen.action].run(chosen)
