"""evaluate: the student beside its baselines, and the public call."""

import json
import subprocess
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

import bizmeme
from bizmeme.core.estimates import with_interval
from bizmeme.errors import DataError
from bizmeme.shell.parquet import read_table, write_table
from bizmeme.stages.evaluate import BASELINES
from bizmeme.tables.examples import Examples, Predictions
from bizmeme.trackers import mlflow
from tests.conftest import program
from tests.stages.pipeline import Pipeline

pytestmark = pytest.mark.slow


@pytest.fixture
def predictions(small: Pipeline) -> pl.DataFrame:
    return read_table(Predictions, small.upto("evaluate").path("data/predictions.parquet"))


def test_every_test_post_is_scored_once_and_no_other(predictions: pl.DataFrame, small: Pipeline) -> None:
    examples = read_table(Examples, small.path("data/examples.parquet")).filter(pl.col("split") == "test")
    assert predictions.select("board", "no").equals(examples.select("board", "no"))
    assert predictions["gold"].to_list() == examples["label"].to_list()
    assert all(abs(sum(row) - 1) < 1e-6 for row in predictions["student_probabilities"])


def test_the_figures_are_the_predictions_figures(predictions: pl.DataFrame, small: Pipeline) -> None:
    figures = json.loads(small.path("metrics/evaluate.json").read_text())
    assert set(figures["baselines"]) == set(BASELINES)
    for who, one in ({"student": figures["student"]} | figures["baselines"]).items():
        right = (predictions[who] == predictions["gold"]).fill_null(False)
        assert one["accuracy"] == pytest.approx(right.mean())
        assert {"macro_f1", "per_class", "confusion", "n"} <= set(one)
    commonest = predictions["majority"].unique().to_list()
    assert len(commonest) == 1


def test_slices_share_the_test_set_and_each_has_its_own_figures(
    predictions: pl.DataFrame, small: Pipeline
) -> None:
    by_slice = json.loads(small.path("metrics/evaluate.json").read_text())["by_slice"]
    assert set(by_slice) == {"days", "last_period"}
    assert sum(each["n"] for each in by_slice.values()) == len(predictions)
    for name, each in by_slice.items():
        rows = predictions.filter(pl.col("slice") == name)
        assert each["student"]["accuracy"] == pytest.approx((rows["student"] == rows["gold"]).mean())
        for who in BASELINES:
            right = (rows[who] == rows["gold"]).fill_null(False)
            assert each["baselines"][who]["accuracy"] == pytest.approx(right.mean())


def test_the_page_shows_each_slice_with_its_number_of_posts(small: Pipeline) -> None:
    page = small.upto("evaluate").path("reports/evaluate.html").read_text()
    by_slice = json.loads(small.path("metrics/evaluate.json").read_text())["by_slice"]
    for name, shown in (("days", "held-out days"), ("last_period", "the last period")):
        one = by_slice[name]
        cells = f"<td>{shown}</td><td>{one['n']}</td>\n<td>{one['student']['accuracy']:.3f}</td>"
        assert cells in page


def test_the_page_shows_what_a_person_scores_beside_the_student(small: Pipeline) -> None:
    page = small.upto("evaluate").path("reports/evaluate.html").read_text()
    ceiling = json.loads(small.path("metrics/agreement.json").read_text())["ceiling"]
    assert f"on {ceiling['posts']} posts" in page
    assert f"accuracy {with_interval(ceiling['accuracy'])}" in page


def test_a_slice_without_posts_is_left_out(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("evaluate").fork(tmp_path / "fork")
    examples = read_table(Examples, fork.path("data/examples.parquet"))
    kept = examples.filter(pl.col("slice").ne_missing("last_period"))
    write_table(Examples, kept, fork.path("data/examples.parquet"))
    assert fork.run("evaluate").returncode == 0
    figures = json.loads(fork.path("metrics/evaluate.json").read_text())
    assert set(figures["by_slice"]) == {"days"}
    assert figures["by_slice"]["days"]["n"] == figures["student"]["n"]
    assert "the last period" not in fork.path("reports/evaluate.html").read_text()


@pytest.mark.parametrize(("modality", "blind_one"), [("text", "image_only"), ("image", "text_only")])
def test_a_blind_student_is_scored_and_the_blinded_baseline_says_the_majority(
    modality: str, blind_one: str, small: Pipeline, tmp_path: Path
) -> None:
    fork = small.upto("evaluate").fork(tmp_path / "fork")
    assert fork.run("prepare", f"prepare.modality={modality}").returncode == 0
    done = fork.run("evaluate")
    assert done.returncode == 0, done.stderr
    blind = read_table(Predictions, fork.path("data/predictions.parquet"))
    seeing = read_table(Predictions, small.path("data/predictions.parquet"))
    assert blind[blind_one].to_list() == blind["majority"].to_list()
    assert blind["student_probabilities"].to_list() != seeing["student_probabilities"].to_list()
    other = {"image_only", "text_only"} - {blind_one}
    for same in ("labeller", "gold", *other):
        assert blind[same].to_list() == seeing[same].to_list()


def test_pictures_of_the_scores_and_a_page_to_open_are_written(small: Pipeline) -> None:
    small.upto("evaluate")
    for name in ("confusion.png", "scores.png"):
        assert small.path(f"plots/evaluate/{name}").read_bytes().startswith(b"\x89PNG")
    page = small.path("reports/evaluate.html").read_text()
    assert "<script" not in page
    assert "http" not in page.replace("https://www.example.net", "")
    assert page.count("data:image/jpeg") <= 12


def test_a_browser_shows_the_report_with_every_picture(small: Pipeline, tmp_path: Path) -> None:
    page, shot = small.upto("evaluate").path("reports/evaluate.html"), tmp_path / "shot.png"
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,1600")
    subprocess.run(
        [program("chromium"), *flags, f"--user-data-dir={tmp_path}", f"--screenshot={shot}", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(shot) as seen:
        colours = seen.convert("RGB").getcolors(maxcolors=2**24)
    assert colours is not None
    assert len(colours) > 1000  # plots and pictures, not a blank page


def test_scores_stand_beside_the_run_that_made_the_adapter(small: Pipeline) -> None:
    figures = json.loads(small.upto("evaluate").path("metrics/evaluate.json").read_text())
    client, experiment = mlflow.build(
        mlflow.Config(name="mlflow", experiment="bizmeme"), home=small.home
    )._open("training")
    scored = [run for run in client.search_runs([experiment]) if "test.student.accuracy" in run.data.metrics]
    assert scored
    assert scored[0].data.metrics["test.student.accuracy"] == pytest.approx(figures["student"]["accuracy"])
    assert scored[0].data.tags["gold"] == figures["gold"]


def test_the_public_call_says_what_the_stage_wrote(predictions: pl.DataFrame, small: Pipeline) -> None:
    examples = read_table(Examples, small.path("data/examples.parquet"))
    student = bizmeme.load(small.path("models/adapter"))
    first = predictions.row(0, named=True)
    post = examples.filter(pl.col("no") == first["no"]).row(0, named=True)
    said = student.analyze(small.path(f"data/images/{post['image_sha256']}.jpg"), post["text"])
    assert said.sentiment == first["student"]
    assert said.confidence == pytest.approx(max(first["student_probabilities"]), abs=1e-5)
    assert said.explanation is None
    with pytest.raises(DataError):
        student.analyze(b"no picture", "gm")


def test_a_second_evaluation_gives_the_same_bytes(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("evaluate").fork(tmp_path / "fork")
    assert fork.run("evaluate").returncode == 0
    names = [
        "data/predictions.parquet",
        "metrics/evaluate.json",
        "plots/evaluate/scores.png",
        "reports/evaluate.html",
    ]
    for name in names:
        assert fork.path(name).read_bytes() == small.path(name).read_bytes()
