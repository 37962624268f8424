"""The families behind the plug-in door: the tiny one, and Qwen2.5-VL-7B without its weights."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from bizmeme.errors import ModelError
from bizmeme.ports.vlms import Vlm
from bizmeme.qwen_vl import bases, lora, record
from bizmeme.qwen_vl.sections import Lora
from bizmeme.vlms import qwen2_5_vl, tiny
from tests.qwen_vl.conftest import section

SEVEN_B = qwen2_5_vl.Config.model_validate(section("vlm/qwen2_5_vl_7b"))
HEAVY = ("torch", "transformers", "trl", "peft", "bitsandbytes", "datasets")


@pytest.mark.parametrize(
    "module", ["vlms.tiny", "vlms.qwen2_5_vl", "qwen_vl.pretrain", "qwen_vl.finetune", "qwen_vl.student"]
)
def test_importing_a_family_loads_no_torch(module: str) -> None:
    code = f"import sys, bizmeme.{module}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_tiny_family_needs_captions() -> None:
    families: list[Vlm] = [
        tiny.build(tiny.Config.model_validate(section("vlm/tiny"))),
        qwen2_5_vl.build(SEVEN_B),
    ]
    assert [family.needs_captions() for family in families] == [True, False]


def test_a_hub_base_is_its_revision_alone(tmp_path: Path) -> None:
    qwen2_5_vl.build(SEVEN_B).make_base([], tmp_path / "base", labels=("a", "b"))
    (file,) = (tmp_path / "base").iterdir()
    assert json.loads(file.read_text()) == {
        "repository": "Qwen/Qwen2.5-VL-7B-Instruct",
        "revision": SEVEN_B.revision,
    }
    assert bases.source(tmp_path / "base") == bases.Source(SEVEN_B.repository, SEVEN_B.revision)


def test_an_adapter_names_a_hub_base_by_repository_and_revision(tmp_path: Path) -> None:
    qwen2_5_vl.build(SEVEN_B).make_base([], tmp_path / "base", labels=("a", "b"))
    named = bases.reference(tmp_path / "base", beside=tmp_path / "adapter")
    assert named == bases.HubBase(repository=SEVEN_B.repository, revision=SEVEN_B.revision)
    assert bases.name(named) == "Qwen/Qwen2.5-VL-7B-Instruct"


def test_a_branch_is_no_revision() -> None:
    with pytest.raises(ValidationError, match="revision"):
        qwen2_5_vl.Config.model_validate(section("vlm/qwen2_5_vl_7b", revision="main"))


def test_a_record_keeps_what_loading_needs_and_drops_the_rest() -> None:
    kept = record.family_of(SEVEN_B)
    assert kept.targets == SEVEN_B.targets
    assert "revision" not in kept.model_dump()


@pytest.mark.slow
def test_the_7b_model_gets_196_language_adapters_and_none_in_the_vision_tower() -> None:
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    # The shapes of config.json at the pinned revision; on the meta device they take no memory.
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 152064,
            "hidden_size": 3584,
            "intermediate_size": 18944,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        vision_config={
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "num_heads": 16,
            "out_hidden_size": 3584,
            "fullatt_block_indexes": [7, 15, 23, 31],
        },
        tie_word_embeddings=False,
    )
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(config)
        adapted = lora.attach(model, Lora(r=16, alpha=32, dropout=0.05), targets=SEVEN_B.targets)
    names = lora.targeted(adapted)
    assert sum(weight.numel() for weight in model.parameters() if not weight.requires_grad) == 8_292_166_656
    assert sum("language_model" in name for name in names) == 28 * 7 == len(names)
    assert not [name for name in names if "visual" in name]

    six = SEVEN_B.targets.model_copy(update={"counts": {"language_model": 196, "visual": 96}})
    with pytest.raises(ModelError, match="matches 196 modules"):
        lora._check_counts(adapted, six)
