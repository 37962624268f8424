"""`bizmeme gate`: does the student read picture and text together? Exits with status 1 where it does not.

On the sandbox no predictor that sees texts alone, or pictures alone, can be right more often than the world's
ceilings for each. A student above both has combined the two. In production nobody knows the truth, and there
is nothing to hold it against. Scores that are of an older gold set are named first.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from bizmeme.apps.staleness import stale_scores
from bizmeme.errors import GateError
from bizmeme.shell.parquet import read_json
from bizmeme.shell.workspace import Workspace, state_home


def main(arguments: list[str]) -> None:
    """Print the verdict on the last run; raises GateError where the student does not hold."""
    parser = argparse.ArgumentParser(
        prog="bizmeme gate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args(arguments)
    workspace = Workspace(root=Path.cwd(), out=Path.cwd(), home=state_home(), origin="")
    if stale := stale_scores(workspace):
        print(stale, file=sys.stderr)  # noqa: T201
    print(verdict(read_json(workspace.read("metrics/sandbox.json"))))  # noqa: T201


def verdict(judged: dict[str, Any]) -> str:
    """One line with the three figures; raises GateError where the student is not above both ceilings."""
    if not judged:
        return "No sandbox made these posts: there is no world to hold the student against."
    if "seen" not in judged["student"]:
        raise GateError(
            "metrics/sandbox.json says nothing of posts of a kind that training shows. "
            "Run `dvc repro`; if it has run, raise sample.size."
        )
    ceiling, student = judged["world"]["ceiling"], judged["student"]["seen"]["accuracy"]
    figures = (
        f"student {student:.3f} of {judged['student']['seen']['n']} posts, "
        f"at best {ceiling['text']:.3f} from the text alone, {ceiling['image']:.3f} from the picture alone"
    )
    if student <= max(ceiling["text"], ceiling["image"]):
        raise GateError(
            f"The student does not read picture and text together: {figures}. "
            "Look at metrics/train.json and reports/evaluate.html; train longer, or on more posts."
        )
    return f"The student reads picture and text together: {figures}."
