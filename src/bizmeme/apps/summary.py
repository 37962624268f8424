"""`bizmeme summary`: what the last pipeline run made, from metrics/ and the state folder."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bizmeme.shell.parquet import read_json
from bizmeme.shell.workspace import Workspace, state_home


def main(arguments: list[str]) -> None:
    """Print the summary; raises DataError where a stage has not run yet."""
    argparse.ArgumentParser(prog="bizmeme summary", description=__doc__.splitlines()[0]).parse_args(arguments)
    workspace = Workspace(root=Path.cwd(), out=Path.cwd(), home=state_home(), origin="")
    console = Console()
    console.print(_counts(workspace))
    console.print(_scores(read_json(workspace.read("metrics/evaluate.json"))))
    _sandbox_line(console, workspace)


def _counts(workspace: Workspace) -> Table:
    prepared = read_json(workspace.read("metrics/prepare.json"))
    labelled = read_json(workspace.read("metrics/auto_label.json"))
    people = read_json(workspace.read("metrics/agreement.json"))
    table = Table(title="bizmeme", show_header=False)
    rows = {
        "posts labelled by the vision API": f"{labelled['labelled']} of {labelled['posts']} with a picture",
        "what the labels cost": f"${labelled['cost_usd']:.2f}",
        "posts labelled by people": f"{people['gold']} of {people['sampled']}, {people['disputed']} disputed",
        "train / val / test": " / ".join(str(prepared[part]["n"]) for part in ("train", "val", "test")),
        "adapter": "models/adapter",
        "figures and report": "plots/, reports/evaluate.html",
        "MLflow": f"mlflow ui --backend-store-uri sqlite:///{workspace.home / 'mlflow.db'}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _scores(figures: dict[str, Any]) -> Table:
    table = Table(title=f"Against people's labels on {figures['student']['n']} test posts")
    for column in ("", "accuracy", "macro-F1"):
        table.add_column(column, justify="left" if not column else "right")
    rows = {"student": figures["student"]} | figures["baselines"]
    for name, one in rows.items():
        style = "bold" if name == "student" else ""
        table.add_row(name.replace("_", " "), f"{one['accuracy']:.3f}", f"{one['macro_f1']:.3f}", style=style)
    return table


def _sandbox_line(console: Console, workspace: Workspace) -> None:
    judged = read_json(workspace.read("metrics/sandbox.json"))
    if judged:
        console.print(
            f"Sandbox: the student is right about {judged['student']['truth']['accuracy']:.3f} of the true "
            "labels. Scores on the simulated board say nothing about the real one."
        )
