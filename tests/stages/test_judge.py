"""judge: truth against what was said."""

import json
from pathlib import Path
from typing import Any

import pytest

from bizmeme.apps.staleness import SCORED
from bizmeme.core.gold import gold_hash_of
from bizmeme.shell.parquet import read_table
from bizmeme.tables.examples import Examples, Predictions
from bizmeme.tables.labels import HumanLabels
from tests.stages.pipeline import Pipeline, bizmeme


@pytest.fixture
def figures(small: Pipeline) -> dict[str, Any]:
    judged: dict[str, Any] = json.loads(small.upto("judge").path("metrics/sandbox.json").read_text())
    return judged


@pytest.mark.slow
def test_truth_judges_student_labeller_people_and_train_labels(figures: dict[str, Any]) -> None:
    assert 0 <= figures["student"]["truth"]["accuracy"] <= 1
    assert figures["people"]["truth"]["accuracy"] > figures["labeller"]["truth"]["accuracy"]
    ceilings = figures["world"]["ceiling"]
    assert max(ceilings["text"], ceilings["image"]) < ceilings["both"] <= 1
    assert abs(figures["labeller"]["truth"]["accuracy"] - 0.8) < 0.08


@pytest.mark.slow
def test_the_groups_are_of_the_posts_that_were_judged(figures: dict[str, Any], small: Pipeline) -> None:
    predictions = read_table(Predictions, small.path("data/predictions.parquet"))
    student = figures["student"]
    assert set(student) <= {"truth", "seen", "unseen", "hard", "last_period"}
    assert student["truth"]["n"] == len(predictions)
    assert student["seen"]["n"] + student.get("unseen", {"n": 0})["n"] == len(predictions)
    assert student["last_period"]["n"] == (predictions["slice"] == "last_period").sum()


@pytest.mark.slow
def test_each_annotators_error_is_over_the_labels_they_gave(figures: dict[str, Any], small: Pipeline) -> None:
    everything = read_table(HumanLabels, small.path("data/human_labels.parquet"))
    assert everything["repeat"].any()
    human = everything.filter(repeat=False).drop_nulls("label")
    given = dict(human.group_by("annotator").len().iter_rows())
    errors = figures["people"]["by_annotator"]
    assert {name: each["n"] for name, each in errors.items()} == given
    wrong = sum(each["n"] * each["error"] for each in errors.values())
    assert 0 < wrong / len(human) < 0.3


@pytest.mark.slow
def test_copies_are_counted_over_the_rows_of_both_held_out_splits(
    figures: dict[str, Any], small: Pipeline
) -> None:
    examples = read_table(Examples, small.path("data/examples.parquet"))
    crossing = figures["copies_across_splits"]
    for split in ("test", "val"):
        one = crossing[f"{split}_train"]
        assert one["rows"] == (examples["split"] == split).sum()
        assert one["pictures"] == sum(one["by_kind"].values()) <= one["rows"]


@pytest.mark.slow
def test_every_figure_that_gold_went_into_carries_its_hash(small: Pipeline) -> None:
    small.upto("judge")
    gold = gold_hash_of(read_table(HumanLabels, small.path("data/human_labels.parquet")))
    for name in ("agreement", *SCORED):
        assert json.loads(small.path(f"metrics/{name}.json").read_text())["gold"] == gold, name
    assert "STALE" not in bizmeme("summary", cwd=small.folder).stdout


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
