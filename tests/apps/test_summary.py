"""summary: what it says of the scores."""

import json
from pathlib import Path
from typing import Any

import pytest

from bizmeme.apps.summary import main

SCORE = {"accuracy": 0.8, "macro_f1": 0.7, "n": 80}
CEILING = {"value": 0.87, "low": 0.8, "high": 0.93}
BASELINES = ("majority", "text_only", "image_only", "base", "labeller")
METRICS: dict[str, Any] = {
    "prepare": {part: {"n": 9} for part in ("train", "val", "test")} | {"gold": "ab12"},
    "auto_label": {"gold": "ab12", "posts": 9, "labelled": 9, "cost_usd": 0.5},
    "agreement": {
        "gold": "ab12",
        "gold_posts": 7,
        "sampled": 9,
        "disputed": 1,
        "alpha": {"nominal": {"value": 0.74, "low": 0.61, "high": 0.83}},
        "ceiling": {"posts": 5, "accuracy": CEILING, "macro_f1": CEILING | {"value": 0.85}},
    },
    "evaluate": {"gold": "ab12", "student": SCORE, "baselines": dict.fromkeys(BASELINES, SCORE)},
    "sandbox": {
        "gold": "ab12",
        "student": {
            "truth": SCORE,
            "seen": {"n": 60, "accuracy": 0.91, "macro_f1": 0.9},
            "last_period": {"n": 41, "accuracy": 0.73, "macro_f1": 0.7},
        },
        "world": {"ceiling": {"text": 0.612, "image": 0.598, "both": 1.0}},
    },
}


def said(folder: Path, capsys: pytest.CaptureFixture[str], **metrics: Any) -> str:
    """What the summary prints of these metrics."""
    (folder / "metrics").mkdir(exist_ok=True)
    for name, figures in (METRICS | metrics).items():
        (folder / "metrics" / f"{name}.json").write_text(json.dumps(figures))
    main([])
    return capsys.readouterr().out


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_groups_that_the_world_has_stand_beside_its_ceilings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(folder, capsys).splitlines()
    assert has(lines, "phrases and drawings that training shows", "60", "0.910")
    assert has(lines, "the last period", "41", "0.730")
    assert has(lines, "texts alone", "0.612")
    assert has(lines, "pictures alone", "0.598")
    assert not has(lines, "new manners")


def has(lines: list[str], *words: str) -> bool:
    """Is there one line with all of them?"""
    return any(all(word in line for word in words) for line in lines)


def test_in_production_no_truth_is_claimed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "sandbox's truth" in said(folder, capsys)
    assert "sandbox's truth" not in said(folder, capsys, sandbox={})


def test_a_score_on_few_posts_is_called_what_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A proportion of .8 on 80 posts: 1.96 standard errors of .0447.
    assert "means little: with 80 test posts it is known to ±0.09" in said(folder, capsys)
    many = METRICS["evaluate"] | {"student": SCORE | {"n": 100}}
    assert "means little" not in said(folder, capsys, evaluate=many)


def test_a_person_stands_beside_the_student_with_an_interval(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(folder, capsys).splitlines()
    assert has(lines, "a person against the others", "0.870", "0.850")
    assert has(lines, "0.870 (0.800 to 0.930)", "5 posts")
    assert has(lines, "7 of 9, 1 disputed")
    assert has(lines, "people agree", "0.740 (0.610 to 0.830)")
    alone = METRICS["agreement"] | {"ceiling": None}
    assert not has(said(folder, capsys, agreement=alone).splitlines(), "a person")


@pytest.mark.parametrize("name", ["auto_label", "prepare", "evaluate", "sandbox"])
def test_a_score_of_another_gold_set_is_called_stale_with_what_to_run(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "STALE" not in said(folder, capsys)
    printed = said(folder, capsys, **{name: METRICS[name] | {"gold": "cd34"}})
    (line,) = [line for line in printed.splitlines() if "STALE" in line]
    assert f"metrics/{name}.json (gold cd34)" in line
    assert line.count(".json") == 1
    assert "make gold ab12" in line
    assert "Run `dvc repro`" in line


def test_new_labels_make_every_score_stale_and_one_without_a_hash_is_so_as_well(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relabelled = METRICS["agreement"] | {"gold": "ef56"}
    assert said(folder, capsys, agreement=relabelled, sandbox={}).count("(gold ab12)") == 3
    older = {key: value for key, value in METRICS["evaluate"].items() if key != "gold"}
    assert "metrics/evaluate.json (gold unknown)" in said(folder, capsys, evaluate=older)
