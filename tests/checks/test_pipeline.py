"""dvc.yaml says what the stages read: nothing stale, nothing too much."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizmeme.stages import STAGES
from tests.checks.closure import closure

ROOT = Path(__file__).parents[2]
PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]

# Outside systems: asked or paid again only where parameters change, never where code does.
OUTSIDE = {"scrape", "export_labels", "auto_label"}
PLUGINS = {
    "parse": ("sources.board", "sources.imported", "sources.warosu"),
    "base": ("vlms.tiny", "vlms.qwen2_5_vl"),
    "train": ("vlms.tiny", "vlms.qwen2_5_vl", "trackers.mlflow"),
    "evaluate": ("vlms.tiny", "vlms.qwen2_5_vl", "trackers.mlflow"),
}
PINNING = "bizmeme.shell.processors"  # it decides about bytes, and no stage imports it: the runner does


def code_of(stage: str) -> set[str]:
    if stage in OUTSIDE:
        return set()
    roots = [f"bizmeme.stages.{stage}", *(f"bizmeme.{name}" for name in PLUGINS.get(stage, ()))]
    return closure(*roots, *([] if stage == "compose" else [PINNING]))


def test_the_stages_are_the_ones_in_the_pipeline_in_their_order() -> None:
    assert list(PIPELINE) == list(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_a_stage_imports_is_among_its_deps_and_no_other(stage: str) -> None:
    listed = {dep for dep in PIPELINE[stage].get("deps", []) if dep.startswith("src/")}
    wanted = code_of(stage)
    lines = "\n".join(f"      - {path}" for path in sorted(wanted))
    assert listed == wanted, f"dvc.yaml, stage {stage}: its code deps should be\n{lines}"


@pytest.mark.parametrize("stage", list(STAGES)[1:])
def test_a_stages_params_are_the_sections_that_it_reads(stage: str) -> None:
    module = importlib.import_module(f"bizmeme.stages.{stage}")
    assert PIPELINE[stage]["params"] == list(module.Params.model_fields)


@pytest.mark.parametrize("stage", list(STAGES)[1:])
def test_a_stage_is_one_word_in_its_six_places(stage: str) -> None:
    module = importlib.import_module(f"bizmeme.stages.{stage}")
    assert stage in module.Params.model_fields
    config = "".join(word.capitalize() for word in stage.split("_")) + "Config"
    assert hasattr(module, config)
    assert list((ROOT / "conf" / stage).glob("*.yaml"))
    assert (ROOT / "tests" / "stages" / f"test_{stage}.py").exists()
    assert f"bizmeme {stage} " in PIPELINE[stage]["cmd"]
    assert stage in yaml.safe_load((ROOT / "params.yaml").read_text())


def test_only_compose_persists_its_output_and_metrics_are_in_git() -> None:
    for stage, entry in PIPELINE.items():
        persistent = [out for out in entry.get("outs", []) if isinstance(out, dict)]
        assert bool(persistent) == (stage == "compose")
        assert all(each[next(iter(each))] == {"cache": False} for each in entry.get("metrics", []))
