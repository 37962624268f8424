"""`bizmeme summary`: what the last pipeline run made, from metrics/ and the state folder."""

import argparse
import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bizmeme.apps.staleness import stale_scores
from bizmeme.core.estimates import with_interval
from bizmeme.shell.parquet import read_json
from bizmeme.shell.workspace import Workspace, state_home

_ORDER = ("majority", "text_only", "image_only", "base", "labeller")  # from naive to the teacher
_GROUPS = {
    "truth": "all test posts",
    "seen": "phrases and drawings that training shows",
    "unseen": "new phrases, new manners of drawing",
    "hard": "murky pictures, misspelt phrases",
    "last_period": "the last period",
}
_ENOUGH = 100  # test posts: below, the score is known to about ±0.1 only
_WIDTH = 64


def main(arguments: list[str]) -> None:
    """Print the summary; raises DataError where a stage has not run yet."""
    argparse.ArgumentParser(prog="bizmeme summary", description=__doc__.splitlines()[0]).parse_args(arguments)
    workspace = Workspace(root=Path.cwd(), out=Path.cwd(), home=state_home(), origin="")
    console = Console(soft_wrap=True)  # a command to copy stays on one line
    people = read_json(workspace.read("metrics/agreement.json"))
    console.print(_counts(people, workspace))
    scored = read_json(workspace.read("metrics/evaluate.json"))
    console.print(_scores(scored, people["ceiling"]))
    if ceiling := people["ceiling"]:
        console.print(_explained(ceiling))
    if stale := stale_scores(workspace):
        console.print(stale, style="bold red")
    if judged := read_json(workspace.read("metrics/sandbox.json")):
        console.print(_verdict(judged))
        console.print("Scores on the simulated board say nothing about the real one.")
    if doubt := _doubt(scored["student"]):
        console.print(doubt)
    console.print("Adapter   models/adapter")
    console.print("Figures   plots/, reports/evaluate.html, metrics/")
    console.print(f"MLflow    mlflow ui --backend-store-uri sqlite:///{workspace.home / 'mlflow.db'}")


def _counts(people: dict[str, Any], workspace: Workspace) -> Table:
    prepared = read_json(workspace.read("metrics/prepare.json"))
    labelled = read_json(workspace.read("metrics/auto_label.json"))
    table = Table(title="What this run made", show_header=False, min_width=_WIDTH)
    rows = {
        "posts with a picture": labelled["posts"],
        "labelled by the vision API": f"{labelled['labelled']} for ${labelled['cost_usd']:.2f}",
        "labelled by people": f"{people['gold_posts']} of {people['sampled']}, {people['disputed']} disputed",
        "people agree, alpha": with_interval(people["alpha"]["nominal"]),
        "train / val / test": " / ".join(str(prepared[part]["n"]) for part in ("train", "val", "test")),
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    return table


def _scores(figures: dict[str, Any], ceiling: dict[str, Any] | None) -> Table:
    tested = figures["student"]["n"]
    table = Table(title=f"Against people's labels on {tested} test posts", min_width=_WIDTH)
    for column in ("", "accuracy", "macro-F1"):
        table.add_column(column, justify="right" if column else "left")
    _row(table, "student", figures["student"], style="bold")
    if ceiling:
        person = {name: ceiling[name]["value"] for name in ("accuracy", "macro_f1")}
        _row(table, "a person against the others", person, style="")
    for name in _ORDER:
        _row(table, name, figures["baselines"][name], style="")
    return table


def _row(table: Table, name: str, one: dict[str, Any], *, style: str) -> None:
    table.add_row(name.replace("_", " "), f"{one['accuracy']:.3f}", f"{one['macro_f1']:.3f}", style=style)


def _verdict(judged: dict[str, Any]) -> Table:
    """The student's accuracy against the sandbox's truth, by group, and what one half alone allows."""
    table = Table(title="Against the sandbox's truth", min_width=_WIDTH)
    for column in ("", "posts", "accuracy"):
        table.add_column(column, justify="right" if column else "left")
    for group, name in _GROUPS.items():
        if group in judged["student"]:
            one = judged["student"][group]
            table.add_row(f"student, {name}", str(one["n"]), f"{one['accuracy']:.3f}")
    for half, name in (("text", "texts"), ("image", "pictures")):
        table.add_row(f"at best, from {name} alone", "", f"{judged['world']['ceiling'][half]:.3f}")
    return table


def _explained(ceiling: dict[str, Any]) -> str:
    accuracy, posts = with_interval(ceiling["accuracy"]), ceiling["posts"]
    return f"A person's accuracy against the others: {accuracy}, on {posts} posts that several labelled."


def _doubt(student: dict[str, Any]) -> str | None:
    """What to say of a test set so small that its score is a sign of life and no figure."""
    tested, accuracy = student["n"], student["accuracy"]
    if tested >= _ENOUGH:
        return None
    margin = 1.96 * math.sqrt(accuracy * (1 - accuracy) / tested)
    return (
        f"The score means little: with {tested} test posts it is known to ±{margin:.2f} at best. "
        "It shows that every part works."
    )
