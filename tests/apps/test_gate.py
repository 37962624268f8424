"""gate: a student above what text or picture alone allow passes, any other fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from bizmeme.apps.gate import main, verdict
from bizmeme.errors import DataError, GateError
from tests.stages.pipeline import bizmeme

CEILING = {"text": 0.61, "image": 0.6, "both": 1.0}


def judged(accuracy: float) -> dict[str, Any]:
    """The part of metrics/sandbox.json that the gate reads."""
    seen = {"n": 200, "accuracy": accuracy, "macro_f1": 0.5}
    return {"student": {"truth": seen | {"accuracy": 0.99}, "seen": seen}, "world": {"ceiling": CEILING}}


def test_a_student_above_both_ceilings_passes_with_one_line_of_figures() -> None:
    line = verdict(judged(0.7))
    assert "\n" not in line
    assert all(figure in line for figure in ("0.700", "0.610", "0.600", "200 posts"))


@pytest.mark.parametrize("accuracy", [0.3, 0.605, 0.61])
def test_a_student_that_is_not_above_both_fails_whatever_it_scores_elsewhere(accuracy: float) -> None:
    with pytest.raises(GateError, match=f"does not read picture and text together: student {accuracy:.3f}"):
        verdict(judged(accuracy))


def test_without_a_seen_test_post_there_is_nothing_to_pass_on() -> None:
    figures = judged(0.9)
    del figures["student"]["seen"]
    with pytest.raises(GateError, match=r"raise sample\.size"):
        verdict(figures)


def test_in_production_there_is_no_world_to_hold_it_against(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="dvc repro"):
        main([])
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "sandbox.json").write_text("{}\n")
    main([])
    assert "no world to hold the student against" in capsys.readouterr().out


def test_the_command_says_why_it_fails_and_exits_with_status_1(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "sandbox.json").write_text(json.dumps(judged(0.5)))
    done = bizmeme("gate", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("GateError: ")
    (tmp_path / "metrics" / "sandbox.json").write_text(json.dumps(judged(0.9)))
    assert bizmeme("gate", cwd=tmp_path).returncode == 0


def test_a_verdict_on_scores_of_an_older_gold_set_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    for name, figures in {"agreement": {"gold": "ab12"}, "sandbox": judged(0.9) | {"gold": "ab12"}}.items():
        (tmp_path / "metrics" / f"{name}.json").write_text(json.dumps(figures))
    main([])
    assert capsys.readouterr().err == ""
    (tmp_path / "metrics" / "agreement.json").write_text('{"gold": "cd34"}')
    main([])
    warned = capsys.readouterr()
    assert "STALE" in warned.err
    assert "metrics/sandbox.json (gold ab12). Run `dvc repro`" in warned.err
    assert "reads picture and text together" in warned.out


def test_its_help_says_what_the_ceilings_are(tmp_path: Path) -> None:
    assert "ceilings" in bizmeme("gate", "--help", cwd=tmp_path).stdout
