"""The command `bizmeme`: a stage's Hydra app, or a plain command. Loads nothing that it does not run."""

import importlib
import keyword
import sys

from bizmeme.apps import COMMANDS
from bizmeme.stages import STAGES

_USAGE = """Usage: bizmeme <stage> [key=value …] [-m]      a pipeline stage, as a Hydra app (-m sweeps)
       bizmeme <command> [--help]

From raw board posts to a fine-tuned vision-language model that says bearish, neutral or bullish.
`dvc repro` runs all stages that are out of date; `make help` lists what newcomers need.

Stages, in their order:
{stages}

Commands:
{commands}

bizmeme train --help shows a stage's configuration, bizmeme train train.learning_rate=1e-3 changes it.
"""


def main() -> None:
    """Dispatch on the first word; exits with status 2 for an unknown one, with 130 after Ctrl-C."""
    try:
        _dispatch()
    except KeyboardInterrupt:  # while libraries load: nothing was begun
        raise SystemExit(130) from None


def _dispatch() -> None:
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help", "help"):
        print(usage(), end="")  # noqa: T201
    elif name == "compose" or name in COMMANDS:
        _plain(name, arguments)
    elif name in STAGES:
        importlib.import_module("bizmeme.stages.runner").main(name, arguments)
    else:
        import difflib

        near = difflib.get_close_matches(name, [*STAGES, *COMMANDS], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        print(f"bizmeme: there is no '{name}'.{hint} See `bizmeme --help`.", file=sys.stderr)  # noqa: T201
        raise SystemExit(2)


def usage() -> str:
    """The help text."""
    return _USAGE.format(stages=_lines(STAGES), commands=_lines(COMMANDS))


def _lines(entries: dict[str, str]) -> str:
    return "\n".join(f"  {name:<14} {what}" for name, what in entries.items())


def _plain(name: str, arguments: list[str]) -> None:
    from bizmeme.shell.messages import errors_as_messages

    folder = "stages" if name in STAGES else "apps"
    module = f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
    with errors_as_messages():
        importlib.import_module(f"bizmeme.{folder}.{module}").main(arguments)


if __name__ == "__main__":
    main()
