"""base: the tiny model's own training, and the hub's revision."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.stages.pipeline import Pipeline, bizmeme


@pytest.mark.slow
def test_the_base_is_weights_and_processor_and_leaves_no_checkpoint(small: Pipeline) -> None:
    small.upto("base")
    names = {path.name for path in small.path("models/base").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "processor_config.json"} <= names
    assert not list((small.home / "checkpoints").glob("*"))
    assert json.loads(small.path("models/base/config.json").read_text())["model_type"] == "qwen2_5_vl"


def test_a_hub_model_is_a_pinned_revision_and_asks_nobody(tmp_path: Path) -> None:
    production = Pipeline(tmp_path / "p", "experiment=production")
    assert production.run("base").returncode == 0
    (file,) = production.path("models/base").iterdir()
    told = json.loads(file.read_text())
    assert told["repository"] == "Qwen/Qwen2.5-VL-7B-Instruct"
    assert len(told["revision"]) == 40


def test_a_family_that_needs_captions_says_which_option_has_them(tmp_path: Path) -> None:
    mixed = Pipeline(tmp_path / "p", "experiment=small", "base=hub")
    done = mixed.run("base")
    assert done.returncode == 1
    assert "Choose base: tiny" in done.stderr


def test_captions_carry_no_mood_and_enter_no_journal(small: Pipeline) -> None:
    (journal,) = (small.upto("base").home / "journals").glob("*.sqlite")
    with sqlite3.connect(journal) as database:
        paths = {row[0] for row in database.execute("SELECT path FROM pages")}
    assert not any("caption" in path for path in paths)
    assert bizmeme("base", "--help", cwd=small.folder).returncode == 0
