"""evaluate: the adapter and its baselines against the human test set → predictions, figures, report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from bizmeme.core import baselines
from bizmeme.core.chat import StudentPrompt
from bizmeme.core.metrics import Scores, score
from bizmeme.core.settings import Plugin, Section, Seed
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import DataError
from bizmeme.ports.trackers import Tracker
from bizmeme.ports.vlms import Student
from bizmeme.qwen_vl.lora import fingerprint
from bizmeme.shell.builder import build
from bizmeme.shell.parquet import from_rows, read_table, write_json, write_table
from bizmeme.shell.plots import confusion_plot, scores_plot
from bizmeme.shell.report import Mistake, write_report
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import AutoLabels, Examples, Predictions

BASELINES = ("majority", "text_only", "image_only", "base", "labeller")


class EvaluateConfig(Section):
    """What the report shows."""

    mistakes_shown: Annotated[int, Field(ge=0)]
    """The most confident mistakes, with their pictures."""


class Params(Section):
    """The sections that this stage reads."""

    evaluate: EvaluateConfig
    vlm: Plugin
    labels: Labels
    prompt: StudentPrompt
    tracker: Plugin
    seed: Seed


def run(params: Params, workspace: Workspace) -> None:
    """Predict with everything, score, draw, report, add the scores to the run that made the adapter."""
    examples = read_table(Examples, workspace.read("data/examples.parquet"))
    test = examples.filter(pl.col("split") == "test")
    if test.is_empty():
        raise DataError("The test set is empty: no post with role test has a human label. Label more.")
    predictions = _predictions(examples, test, params=params, workspace=workspace)
    write_table(Predictions, predictions, workspace.write("data/predictions.parquet"))
    names = params.labels.names
    scores = {
        who: score(predictions["gold"].to_list(), predictions[who].to_list(), labels=names)
        for who in ("student", *BASELINES)
    }
    write_json(figures(scores), workspace.write("metrics/evaluate.json"))
    confusion_plot(scores["student"], names, workspace.write("plots/confusion.png"))
    scores_plot(scores, workspace.write("plots/scores.png"))
    mistakes = _mistakes(predictions, test, params=params, workspace=workspace)
    write_report(
        scores, mistakes, plots=workspace.out / "plots", path=workspace.write("reports/evaluate.html")
    )
    tracker: Tracker = build("tracker", params.tracker, home=workspace.home)
    tracker.score(fingerprint(workspace.read("models/adapter")), _tracked(scores))


def figures(scores: Mapping[str, Scores]) -> dict[str, Any]:
    """What metrics/evaluate.json holds."""
    return {
        "student": asdict(scores["student"]),
        "baselines": {who: asdict(scores[who]) for who in BASELINES},
    }


def _predictions(
    examples: pl.DataFrame, test: pl.DataFrame, *, params: Params, workspace: Workspace
) -> pl.DataFrame:
    vlm, names = build("vlm", params.vlm), params.labels.names
    base_folder = workspace.read("models/base")
    student: Student = vlm.load(workspace.read("models/adapter"), base=base_folder)
    base: Student = vlm.load_base(base_folder, labels=names, prompt=params.prompt)
    posts = list(zip(_pictures(test, workspace), test["text"], strict=True))
    probabilities = student.probabilities(posts)
    train = examples.filter(pl.col("split") == "train")
    taught: list[str] = train["label"].to_list()
    columns = {
        "gold": test["label"],
        "student": _best(probabilities, names),
        "student_probabilities": probabilities,
        "majority": baselines.majority(taught, len(test)),
        "text_only": baselines.text_only(
            train["text"].to_list(), taught, test["text"].to_list(), seed=params.seed
        ),
        "image_only": _image_only(base, train, test, params=params, workspace=workspace),
        "base": _best(base.probabilities(posts), names),
        "labeller": _labeller(test, workspace),
    }
    rows = pl.DataFrame(columns, strict=False).hstack(test.select("board", "no"))
    return from_rows(Predictions, rows.to_dicts())


def _image_only(
    base: Student, train: pl.DataFrame, test: pl.DataFrame, *, params: Params, workspace: Workspace
) -> list[str]:
    features, wanted = (base.picture_features(_pictures(rows, workspace)) for rows in (train, test))
    return baselines.image_only(features, train["label"].to_list(), wanted, seed=params.seed)


def _labeller(test: pl.DataFrame, workspace: Workspace) -> pl.Series:
    auto = read_table(AutoLabels, workspace.read("data/auto_labels.parquet"))
    return test.join(auto, on=["board", "no"], how="left", maintain_order="left")["label_right"]


def _pictures(rows: pl.DataFrame, workspace: Workspace) -> list[bytes]:
    return [workspace.read(f"data/images/{sha256}.jpg").read_bytes() for sha256 in rows["image_sha256"]]


def _best(probabilities: Sequence[Sequence[float]], labels: Sequence[str]) -> list[str]:
    return [labels[max(range(len(labels)), key=row.__getitem__)] for row in probabilities]


def _mistakes(
    predictions: pl.DataFrame, test: pl.DataFrame, *, params: Params, workspace: Workspace
) -> list[Mistake]:
    """The student's most confident mistakes."""
    wrong = predictions.filter(pl.col("student") != pl.col("gold")).with_columns(
        confidence=pl.col("student_probabilities").list.max()
    )
    shown = wrong.join(test, on=["board", "no"]).sort("confidence", "no", descending=[True, False])
    shown = shown.head(params.evaluate.mistakes_shown)
    columns = shown.select("text", "gold", "student", "confidence").iter_rows()
    return [
        Mistake(row[0], row[1], row[2], row[3], picture)
        for row, picture in zip(columns, _pictures(shown, workspace), strict=True)
    ]


def _tracked(scores: Mapping[str, Scores]) -> dict[str, float]:
    accuracies = {f"test.{who}.accuracy": one.accuracy for who, one in scores.items()}
    return accuracies | {"test.student.macro_f1": scores["student"].macro_f1}
