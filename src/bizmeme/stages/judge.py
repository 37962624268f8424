"""judge: predictions against the sandbox's truth → metrics/sandbox.json; in production an empty object.

The only stage that ever sees truth. Everything else knows human gold alone.
"""

import asyncio
from typing import Any

import polars as pl

from bizmeme.core.metrics import score
from bizmeme.core.settings import Section
from bizmeme.core.vocabulary import Labels
from bizmeme.shell.http import fetch_json
from bizmeme.shell.parquet import read_table, write_json
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import AutoLabels, Examples, HumanLabels, Predictions

_TIMEOUT_S = 120
Key = tuple[str, int]


class JudgeConfig(Section):
    """Where truth is."""

    truth_url: str | None
    """The sandbox's truth route; null in production, where nobody knows the truth."""


class Params(Section):
    """The sections that this stage reads."""

    judge: JudgeConfig
    labels: Labels
    sandbox: dict[str, Any] | None


def run(params: Params, workspace: Workspace) -> None:
    """Ask for the truth and compare."""
    figures: dict[str, Any] = {}
    if params.judge.truth_url is not None:
        told = asyncio.run(fetch_json(f"{params.judge.truth_url}/truth", timeout_s=_TIMEOUT_S))
        truth = {(post["board"], post["no"]): str(post["mood"]) for post in told["posts"]}
        figures = _judged(truth, workspace, params.labels) | {"world": {"ceiling": told["ceilings"]}}
    write_json(figures, workspace.write("metrics/sandbox.json"))


def _judged(truth: dict[Key, str], workspace: Workspace, labels: Labels) -> dict[str, Any]:
    """The student's, the labeller's and the people's accuracy against truth, and train's label noise."""
    tables = {
        "student": (Predictions, "data/predictions.parquet", "student"),
        "labeller": (AutoLabels, "data/auto_labels.parquet", "label"),
        "people": (HumanLabels, "data/human_labels.parquet", "gold"),
        "train_labels": (Examples, "data/examples.parquet", "label"),
    }
    figures = {}
    for name, (schema, path, column) in tables.items():
        rows = read_table(schema, workspace.read(path))
        if name == "train_labels":
            rows = rows.filter(pl.col("split") == "train")
        said = rows.select("board", "no", column).drop_nulls().unique().sort("board", "no")
        figures[name] = {"truth": _against(truth, said, labels)}
    return figures


def _against(truth: dict[Key, str], said: pl.DataFrame, labels: Labels) -> dict[str, Any]:
    known = [(truth[board, no], word) for board, no, word in said.iter_rows() if (board, no) in truth]
    one = score([true for true, _ in known], [word for _, word in known], labels=labels.names)
    return {"n": one.n, "accuracy": one.accuracy, "macro_f1": one.macro_f1}
