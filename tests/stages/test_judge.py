"""judge: truth against what was said."""

import json
from pathlib import Path

import pytest

from tests.stages.pipeline import Pipeline, bizmeme


@pytest.mark.slow
def test_truth_judges_student_labeller_people_and_train_labels(small: Pipeline) -> None:
    figures = json.loads(small.upto("judge").path("metrics/sandbox.json").read_text())
    assert 0 <= figures["student"]["truth"]["accuracy"] <= 1
    assert figures["people"]["truth"]["accuracy"] > figures["labeller"]["truth"]["accuracy"]
    ceilings = figures["world"]["ceiling"]
    assert max(ceilings["text"], ceilings["image"]) < ceilings["both"] <= 1
    assert abs(figures["labeller"]["truth"]["accuracy"] - 0.8) < 0.08


def test_in_production_the_verdict_is_empty(tmp_path: Path) -> None:
    production = Pipeline(tmp_path / "p", "experiment=production")
    assert production.run("judge").returncode == 0
    assert json.loads(production.path("metrics/sandbox.json").read_text()) == {}


@pytest.mark.slow
def test_the_summary_shows_scores_costs_and_where_things_are(small: Pipeline) -> None:
    done = bizmeme("summary", cwd=small.upto("judge").folder)
    assert done.returncode == 0, done.stderr
    for word in (
        "student",
        "majority",
        "labeller",
        "models/adapter",
        "mlflow.db",
        "say nothing about the real",
    ):
        assert word in done.stdout
    assert "$0." in done.stdout


def test_a_summary_before_the_first_run_says_what_to_run(tmp_path: Path) -> None:
    done = bizmeme("summary", cwd=Pipeline(tmp_path / "p").folder)
    assert done.returncode == 1
    assert "Run `dvc repro`" in done.stderr
