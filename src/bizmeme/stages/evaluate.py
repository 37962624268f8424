"""evaluate: the adapter and its baselines against the human test set → predictions, figures, report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
from bizmeme.shell.parquet import from_rows, read_json, read_table, write_json, write_table
from bizmeme.shell.plots import confusion_plot, scores_plot
from bizmeme.shell.report import Mistake, Page, write_report
from bizmeme.shell.shards import read_shards
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.examples import Examples, Predictions
from bizmeme.tables.labels import AutoLabels

BASELINES = ("majority", "text_only", "image_only", "base", "labeller")
SLICES = ("days", "last_period")


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
    shown = _shown(workspace)
    predictions = _predictions(shown, params=params, workspace=workspace)
    write_table(Predictions, predictions, workspace.write("data/predictions.parquet"))
    mistakes = _mistakes(predictions, shown, most=params.evaluate.mistakes_shown)
    ceiling = read_json(workspace.read("metrics/agreement.json"))["ceiling"]
    page = Page(_scores(predictions, params.labels), _by_slice(predictions, params.labels), mistakes, ceiling)
    gold = read_json(workspace.read("metrics/prepare.json"))["gold"]
    write_json(figures(page, gold=gold), workspace.write("metrics/evaluate.json"))
    confusion_plot(
        page.scores["student"], params.labels.names, workspace.write("plots/evaluate/confusion.png")
    )
    scores_plot(page.scores, workspace.write("plots/evaluate/scores.png"))
    write_report(page, plots=workspace.out / "plots/evaluate", path=workspace.write("reports/evaluate.html"))
    tracker: Tracker = build("tracker", params.tracker, home=workspace.home)
    tracker.score(fingerprint(workspace.read("models/adapter")), _tracked(page.scores), gold=gold)


@dataclass(frozen=True, slots=True)
class Shown:
    """The examples and their pictures, as the student sees them; `test` in the order of the predictions."""

    train: pl.DataFrame
    test: pl.DataFrame
    files: Mapping[str, bytes]

    def pictures(self, rows: pl.DataFrame) -> list[bytes]:
        """Each row's picture, JPEG."""
        return [self.files[f"{sha256}.jpg"] for sha256 in rows["image_sha256"]]


def _shown(workspace: Workspace) -> Shown:
    """What prepare wrote: it may have blinded texts or pictures, so data/images/ is not looked at."""
    examples = read_table(Examples, workspace.read("data/examples.parquet"))
    train, test = (examples.filter(pl.col("split") == split) for split in ("train", "test"))
    if test.is_empty():
        raise DataError("The test set is empty: no post with role test has a human label. Label more.")
    folders = (workspace.read(f"data/{name}") for name in ("train_images", "test_images"))
    return Shown(train, test, read_shards(*folders))


def _scores(predictions: pl.DataFrame, labels: Labels) -> dict[str, Scores]:
    """Every predictor's scores."""
    gold = predictions["gold"].to_list()
    return {
        who: score(gold, predictions[who].to_list(), labels=labels.names) for who in ("student", *BASELINES)
    }


def _by_slice(predictions: pl.DataFrame, labels: Labels) -> dict[str, dict[str, Scores]]:
    """The same for each slice that has posts."""
    parts = {name: predictions.filter(pl.col("slice") == name) for name in SLICES}
    return {name: _scores(rows, labels) for name, rows in parts.items() if len(rows)}


def figures(page: Page, *, gold: str) -> dict[str, Any]:
    """What metrics/evaluate.json holds; `gold` is the hash of the gold set that the test labels are from."""
    return {
        "gold": gold,
        "student": asdict(page.scores["student"]),
        "baselines": {who: asdict(page.scores[who]) for who in BASELINES},
        "by_slice": {name: _slice_figures(each) for name, each in page.by_slice.items()},
    }


def _slice_figures(scores: Mapping[str, Scores]) -> dict[str, Any]:
    student = scores["student"]
    return {
        "n": student.n,
        "student": {"accuracy": student.accuracy, "macro_f1": student.macro_f1},
        "baselines": {who: {"accuracy": scores[who].accuracy} for who in BASELINES},
    }


def _predictions(shown: Shown, *, params: Params, workspace: Workspace) -> pl.DataFrame:
    vlm, names = build("vlm", params.vlm), params.labels.names
    base_folder = workspace.read("models/base")
    student: Student = vlm.load(workspace.read("models/adapter"), base=base_folder)
    base: Student = vlm.load_base(base_folder, labels=names, prompt=params.prompt)
    train, test = shown.train, shown.test
    posts = list(zip(shown.pictures(test), test["text"], strict=True))
    probabilities = student.probabilities(posts)
    taught: list[str] = train["label"].to_list()
    texts = (train["text"].to_list(), taught, test["text"].to_list())
    columns = {
        "gold": test["label"],
        "student": _best(probabilities, names),
        "student_probabilities": probabilities,
        "majority": baselines.majority(taught, len(test)),
        "text_only": baselines.text_only(*texts, seed=params.seed),
        "image_only": _image_only(base, shown, seed=params.seed),
        "base": _best(base.probabilities(posts), names),
        "labeller": _labeller(test, workspace),
    }
    rows = pl.DataFrame(columns, strict=False).hstack(test.select("board", "no", "slice"))
    return from_rows(Predictions, rows.to_dicts())


def _image_only(base: Student, shown: Shown, *, seed: int) -> list[str]:
    features, wanted = (base.picture_features(shown.pictures(rows)) for rows in (shown.train, shown.test))
    return baselines.image_only(features, shown.train["label"].to_list(), wanted, seed=seed)


def _labeller(test: pl.DataFrame, workspace: Workspace) -> pl.Series:
    auto = read_table(AutoLabels, workspace.read("data/auto_labels.parquet"))
    return test.join(auto, on=["board", "no"], how="left", maintain_order="left")["label_right"]


def _best(probabilities: Sequence[Sequence[float]], labels: Sequence[str]) -> list[str]:
    return [labels[max(range(len(labels)), key=row.__getitem__)] for row in probabilities]


def _mistakes(predictions: pl.DataFrame, shown: Shown, *, most: int) -> list[Mistake]:
    """The student's most confident mistakes."""
    wrong = predictions.filter(pl.col("student") != pl.col("gold")).with_columns(
        confidence=pl.col("student_probabilities").list.max()
    )
    rows = wrong.join(shown.test, on=["board", "no"]).sort("confidence", "no", descending=[True, False])
    rows = rows.head(most)
    columns = rows.select("text", "gold", "student", "confidence").iter_rows()
    return [
        Mistake(row[0], row[1], row[2], row[3], picture)
        for row, picture in zip(columns, shown.pictures(rows), strict=True)
    ]


def _tracked(scores: Mapping[str, Scores]) -> dict[str, float]:
    accuracies = {f"test.{who}.accuracy": one.accuracy for who, one in scores.items()}
    return accuracies | {"test.student.macro_f1": scores["student"].macro_f1}
