"""judge: predictions against the sandbox's truth → metrics/sandbox.json; in production an empty object.

The only stage that ever sees truth. Everything else knows human gold alone.
"""

import asyncio
from typing import Any

import polars as pl

from bizmeme.core.gold import gold_hash_of
from bizmeme.core.judging import Figures, Judge, Key, truths
from bizmeme.core.settings import Section
from bizmeme.core.vocabulary import Labels
from bizmeme.shell.documents import fetch_json
from bizmeme.shell.parquet import read_table, write_json
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.examples import Examples, Predictions
from bizmeme.tables.labels import AutoLabels, HumanLabels

SPLITS = ("train", "val", "test")
_TIMEOUT_S = 120


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
    figures: Figures = {}
    if params.judge.truth_url is not None:
        told = asyncio.run(fetch_json(f"{params.judge.truth_url}/truth", timeout_s=_TIMEOUT_S))
        judge = Judge(truths(told["posts"]), params.labels.names)
        figures = _judged(judge, workspace) | {"world": {"ceiling": told["ceilings"]}}
    write_json(figures, workspace.write("metrics/sandbox.json"))


def _judged(judge: Judge, workspace: Workspace) -> Figures:
    """The student, the labeller, the people and train's labels against truth, and copies between splits."""
    predictions = read_table(Predictions, workspace.read("data/predictions.parquet"))
    auto = read_table(AutoLabels, workspace.read("data/auto_labels.parquet"))
    human = read_table(HumanLabels, workspace.read("data/human_labels.parquet"))
    human = human.filter(pl.col("role") != "train")
    examples = read_table(Examples, workspace.read("data/examples.parquet"))
    taught = {split: _said(examples.filter(pl.col("split") == split), "label") for split in SPLITS}
    return {
        "gold": gold_hash_of(human),
        "student": _student(judge, predictions),
        "labeller": judge.groups(_said(auto, "label"), hard=judge.is_hard),
        "people": _people(judge, human),
        "train_labels": judge.groups(taught["train"]),
        "unseen_posts": {split: sum(map(judge.is_unseen, judge.known(taught[split]))) for split in SPLITS},
        "copies_across_splits": {
            f"{split}_train": judge.copies(taught[split], train=taught["train"]) for split in ("test", "val")
        },
    }


def _said(rows: pl.DataFrame, column: str) -> dict[Key, str]:
    """What a column says of each post; a post of which it says nothing is left out."""
    known = rows.drop_nulls(column).select("board", "no", column)
    return {(board, no): word for board, no, word in known.iter_rows()}


def _student(judge: Judge, predictions: pl.DataFrame) -> Figures:
    last_period = _said(predictions.filter(pl.col("slice") == "last_period"), "student")
    return judge.groups(
        _said(predictions, "student"),
        seen=judge.is_seen,
        unseen=judge.is_unseen,
        hard=judge.is_hard,
        last_period=last_period.__contains__,
    )


def _people(judge: Judge, human: pl.DataFrame) -> Figures:
    """Their gold, against which even a perfect student would score no more; and each one's errors."""
    once = human.filter(pl.col("repeat").not_()).drop_nulls("label")
    answers = once.select("annotator", "board", "no", "label").iter_rows()
    by_annotator = judge.errors((who, (board, no), word) for who, board, no, word in answers)
    return judge.groups(_said(human, "gold"), hard=judge.is_hard) | {"by_annotator": by_annotator}
