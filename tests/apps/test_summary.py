"""summary: what it says of the scores."""

import json
from pathlib import Path
from typing import Any

import pytest

from bizmeme.apps.summary import main

SCORE = {"accuracy": 0.8, "macro_f1": 0.7, "n": 80}
BASELINES = ("majority", "text_only", "image_only", "base", "labeller")
METRICS: dict[str, Any] = {
    "prepare": {part: {"n": 9} for part in ("train", "val", "test")},
    "auto_label": {"posts": 9, "labelled": 9, "cost_usd": 0.5},
    "agreement": {"gold": 7, "sampled": 9, "disputed": 1},
    "evaluate": {"student": SCORE, "baselines": dict.fromkeys(BASELINES, SCORE)},
    "sandbox": {
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
