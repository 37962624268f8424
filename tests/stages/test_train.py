"""train: a real QLoRA run, recorded; tests/qwen_vl looks inside."""

import hashlib
import json
from pathlib import Path

import pytest

from bizmeme.core.nested import flat
from bizmeme.trackers import mlflow
from tests.stages.pipeline import Pipeline, bizmeme

pytestmark = pytest.mark.slow


def test_the_adapter_says_how_it_was_made_without_path_time_or_run(small: Pipeline) -> None:
    folder = small.upto("train").path("models/adapter")
    names = {path.name for path in folder.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "training_args.json"} <= names
    told = json.loads((folder / "training_args.json").read_text())
    assert told["labels"] == ["bearish", "neutral", "bullish"]
    assert told["base"]["folder"] == "models/base"
    for path in folder.glob("*.json"):
        assert str(small.folder) not in path.read_text()
    assert not list((small.home / "checkpoints").glob("*"))


def test_the_same_inputs_give_the_same_adapter_bytes(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("train").fork(tmp_path / "fork")
    assert fork.run("train").returncode == 0
    for name in ("models/adapter/adapter_model.safetensors", "metrics/train.json"):
        assert fork.path(name).read_bytes() == small.path(name).read_bytes()


def test_mlflow_holds_the_run_with_its_parameters_curves_and_adapter(small: Pipeline) -> None:
    small.upto("train")
    client, experiment = mlflow.build(
        mlflow.Config(name="mlflow", experiment="bizmeme"), home=small.home
    )._open("training")
    run = client.search_runs([experiment])[-1]
    assert run.data.params["train.lora.r"]
    assert run.data.params["vlm"] == "tiny"
    assert "loss" in run.data.metrics
    weights = small.path("models/adapter/adapter_model.safetensors").read_bytes()
    assert run.data.tags["adapter_sha256"] == hashlib.sha256(weights).hexdigest()


def test_a_sweep_by_hand_leaves_the_pipelines_adapter_alone(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("train").fork(tmp_path / "fork")
    before = fork.path("models/adapter/adapter_model.safetensors").read_bytes()
    done = bizmeme("train", "-m", "experiment=small", "train.lora.r=2,4", "train.steps=4", cwd=fork.folder)
    assert done.returncode == 0, done.stderr
    made = sorted(fork.folder.glob("multirun/train/*/*/models/adapter/training_args.json"))
    assert [json.loads(path.read_text())["training"]["lora"]["r"] for path in made] == [2, 4]
    assert fork.path("models/adapter/adapter_model.safetensors").read_bytes() == before


def test_nested_keys_are_joined_by_dots() -> None:
    assert flat({"train": {"lora": {"r": 8}, "steps": 4}, "seed": 1}) == {
        "train.lora.r": 8,
        "train.steps": 4,
        "seed": 1,
    }
