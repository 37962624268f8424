"""compose: conf/ → params.yaml."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizmeme.core.prices import PriceTable
from bizmeme.core.settings import Plugin
from bizmeme.core.splits import HeldOut
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import ConfigError
from bizmeme.shell.builder import FOLDERS, build
from bizmeme.shell.image_store import ImageStore
from bizmeme.stages.compose import check, composed_yaml
from tests.stages.pipeline import Pipeline, bizmeme

ROOT = Path(__file__).parents[2]
OVERLAYS: list[list[str]] = [[], ["experiment=small"], ["experiment=production"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Pipeline(tmp_path / "p").folder


def test_every_experiment_composes_and_every_section_holds() -> None:
    for overrides in OVERLAYS:
        check(composed_yaml(ROOT / "conf", overrides).config)


def test_production_names_keys_by_their_variables_and_no_sandbox() -> None:
    composed = composed_yaml(ROOT / "conf", ["experiment=production"])
    assert composed.config["sandbox"] is None
    assert "sandbox://" not in composed.text
    assert composed.config["labeller"]["openai"]["api_key_env"] == "OPENAI_API_KEY"


def test_production_has_the_values_of_one_rtx_4090() -> None:
    config = composed_yaml(ROOT / "conf", ["experiment=production"]).config
    train = config["train"]
    assert (train["epochs"], train["batch_size"], train["gradient_accumulation"]) == (3, 2, 8)
    assert config["prepare"]["min_confidence"] == 0.7
    assert config["vlm"]["repository"] == "Qwen/Qwen2.5-VL-7B-Instruct"


@pytest.mark.parametrize("kind", sorted(set(FOLDERS) - {"collector"}))
def test_every_adapter_of_production_is_built(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = composed_yaml(ROOT / "conf", ["experiment=production"]).config
    labels = Labels.model_validate(config["labels"])
    needs: dict[str, dict[str, Any]] = {
        "labeller": {"labels": labels, "prices": PriceTable.model_validate(config["prices"])},
        "annotator": {
            "labels": labels,
            "guideline": config["guideline"],
            "home": tmp_path,
            "images": ImageStore(tmp_path),
        },
        "tracker": {"home": tmp_path},
    }
    for variable in ("OPENAI_API_KEY", "GEMINI_API_KEY", "LABEL_STUDIO_API_KEY"):
        monkeypatch.setenv(variable, "planted-key")
    sections = config[kind].values() if kind in ("source", "labeller") else [config[kind]]
    for section in sections:
        assert build(kind, Plugin.model_validate(section), **needs.get(kind, {})) is not None


def test_no_secret_path_or_time_gets_into_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    for overrides in OVERLAYS:
        text = composed_yaml(ROOT / "conf", overrides).text
        assert "sk-planted" not in text
        assert str(Path.home()) not in text


def test_a_date_stays_a_date_on_its_way_through_params_yaml() -> None:
    for overrides, last in (
        ([], date(2025, 12, 8)),
        (["split.last_period_from=2025-11-03"], date(2025, 11, 3)),
    ):
        composed = composed_yaml(ROOT / "conf", overrides)
        assert HeldOut.model_validate(composed.config["split"]).last_period_from == last
        assert isinstance(yaml.safe_load(composed.text)["split"]["last_period_from"], str)
    production = composed_yaml(ROOT / "conf", ["experiment=production"])
    assert production.config["split"]["last_period_from"] is None


def test_every_typo_is_reported_at_once_with_its_place(folder: Path) -> None:
    path = folder / "conf" / "train" / "tiny.yaml"
    path.write_text(path.read_text().replace("learning_rate:", "learning_rat:", 1))
    path = folder / "conf" / "split" / "days.yaml"
    path.write_text(path.read_text().replace("val_days: 1 ", "val_days: 12 "))
    done = bizmeme("compose", cwd=folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "train.learning_rat: there is no such key. Fix or remove it in conf/train/." in done.stderr
    assert "train.learning_rate: the key is missing" in done.stderr
    assert "split.val_days = 12: Value error, with gold_days = 2 no day of a block of 14" in done.stderr


def test_an_adapters_typo_and_a_stray_section_are_reported_too(folder: Path) -> None:
    path = folder / "conf" / "source" / "board.yaml"
    path.write_text(path.read_text() + "  bord: biz\n")
    (folder / "conf" / "config.yaml").write_text((ROOT / "conf/config.yaml").read_text() + "\nsede: 1\n")
    done = bizmeme("compose", cwd=folder)
    assert done.returncode == 1
    assert "source.board.bord: there is no such key" in done.stderr
    assert "sede: nothing reads this section" in done.stderr


def test_a_wrong_world_is_reported_before_anything_runs(folder: Path) -> None:
    done = bizmeme("compose", "sandbox.world.threads=0", "+sandbox.wrld=3", cwd=folder)
    assert done.returncode == 1
    assert "sandbox.world.threads = 0" in done.stderr
    assert "sandbox.wrld: there is no such key" in done.stderr


@pytest.mark.parametrize("begins", ["null", "'2025-12-09'"])
def test_what_only_the_last_period_shows_may_not_be_trained_on(folder: Path, begins: str) -> None:
    done = bizmeme("compose", f"split.last_period_from={begins}", cwd=folder)
    assert done.returncode == 1
    assert 'Set split.last_period_from: "2025-12-08".' in done.stderr
    assert bizmeme("compose", "split.last_period_from='2025-12-01'", cwd=folder).returncode == 0


def test_posts_of_the_sandbox_are_not_labelled_for_real_money(folder: Path) -> None:
    done = bizmeme("compose", "labeller.openai.base_url=https://api.openai.com/v1", cwd=folder)
    assert done.returncode == 1
    assert "one is the sandbox's, the other real" in done.stderr


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("conf/train/tiny.yaml", "steps: [1\n"),
        ("conf/train/tiny.yaml", "steps: 1\nsteps: 2\n"),
        ("conf/train/tiny.yaml", "steps: ${nope.x}\n"),
        ("conf/tracker/mlflow.yaml", "name: 5\nexperiment: x\n"),
    ],
)
def test_a_users_slip_in_a_yaml_is_a_message_and_no_traceback(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    done = bizmeme("compose", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith("ConfigError: ")
    assert "Traceback" not in done.stderr


def test_a_wrong_option_names_the_ones_there_are(folder: Path) -> None:
    done = bizmeme("compose", "vlm=tinny", cwd=folder)
    assert done.returncode == 1
    assert "ConfigError: conf/ cannot be composed" in done.stderr
    assert "qwen2_5_vl_7b" in done.stderr


def test_check_notices_a_stale_file(folder: Path) -> None:
    assert bizmeme("compose", "--check", cwd=folder).returncode == 0
    params = yaml.safe_load((folder / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(params | {"seed": 1}))
    done = bizmeme("compose", "--check", cwd=folder)
    assert done.returncode == 1
    assert "Run `bizmeme compose`" in done.stderr


def test_under_an_experiment_the_parameters_that_dvc_made_stay(folder: Path) -> None:
    path = folder / "params.yaml"
    path.write_text(path.read_text().replace("seed: 20261122", "seed: 5"))
    before = path.read_bytes()
    assert bizmeme("compose", "--stage", cwd=folder, DVC_EXP_NAME="x").returncode == 0
    assert path.read_bytes() == before
    assert bizmeme("compose", "--stage", cwd=folder).returncode == 0
    assert path.read_bytes() != before


def test_without_conf_the_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no"):
        composed_yaml(tmp_path / "conf", [])
    done = bizmeme("parse", cwd=tmp_path)
    assert done.returncode == 1
    assert "Run bizmeme in the repository's root" in done.stderr
