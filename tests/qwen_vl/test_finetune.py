"""Fine-tuning: what bears loss, where the adapter sits, and that it can be repeated and resumed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bizmeme.core.chat import chat_row
from bizmeme.errors import DataError, LabelError, ModelError
from bizmeme.ports.vlms import Examples
from bizmeme.qwen_vl import bases, lora, quantised, record, sft, watch
from bizmeme.qwen_vl.finetune import Finetuning, Tuner
from bizmeme.qwen_vl.sections import Lora, Targets
from bizmeme.vlms import tiny
from tests.qwen_vl import world
from tests.qwen_vl.conftest import finetuning, section
from tests.qwen_vl.test_base import KilledError, kill_after

pytestmark = pytest.mark.slow


@pytest.fixture
def tuner(small: tiny.Tiny, tmp_path: Path) -> Tuner:
    return Tuner(small.config, world.LABELS, finetuning(tmp_path / "checkpoints"))


def test_only_the_label_and_the_end_of_its_turn_bear_loss(
    tuner: Tuner, examples: Examples, models: Path
) -> None:
    trainer = tuner.trainer(examples, base=models / "base")
    tokenizer = trainer.processing_class.tokenizer
    for number in range(len(trainer.train_dataset)):
        labels = trainer.data_collator([trainer.train_dataset[number]])["labels"][0]
        assert tokenizer.decode(labels[labels != -100]) in {f"{label}<|im_end|>\n" for label in world.LABELS}


def test_the_loss_is_that_of_scoring_every_position(
    tuner: Tuner, examples: Examples, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = tuner.trainer(examples, base=models / "base")
    batch = trainer.data_collator([trainer.train_dataset[number] for number in range(4)])
    answers_only = trainer.compute_loss(trainer.model, dict(batch))
    monkeypatch.setattr("trl.trainer.utils._use_triton", lambda device: False)
    assert trainer.compute_loss(trainer.model, dict(batch)).item() == pytest.approx(
        answers_only.item(), rel=1e-5
    )


def test_the_adapter_sits_on_every_linear_layer_but_the_output(
    tuner: Tuner, examples: Examples, models: Path
) -> None:
    names = lora.targeted(tuner.trainer(examples, base=models / "base").model)
    assert sum("language_model" in name for name in names) == 2 * 7
    assert sum("visual.blocks" in name for name in names) == 5
    assert sum("visual.merger" in name for name in names) == 2
    assert not any("lm_head" in name for name in names)


def test_the_adapter_is_trained_in_float32(tuner: Tuner, examples: Examples, models: Path) -> None:
    model = tuner.trainer(examples, base=models / "base").model
    trained = {str(weight.dtype) for weight in model.parameters() if weight.requires_grad}
    assert trained == {"torch.float32"}


@pytest.mark.parametrize(
    "targets",
    [
        Targets(pattern=r".*language_model.*\.q_proj", counts={"language_model": 14}),
        Targets(pattern=r".*\.q_proj|.*visual\..*\.qkv", counts={"language_model": 2}),
    ],
    ids=["too few", "one elsewhere"],
)
def test_an_adapter_in_other_places_than_expected_is_refused(
    small: tiny.Tiny, models: Path, targets: Targets
) -> None:
    model = quantised.load_model(bases.source(models / "base"), small.config)
    with pytest.raises(ModelError, match="correct `pattern` or `counts`"):
        lora.attach(model, Lora(r=2, alpha=2, dropout=0.0), targets=targets)


def test_the_vision_tower_stays_whole_where_it_is_skipped(small: tiny.Tiny, models: Path) -> None:
    from bitsandbytes.nn import Linear4bit

    assert small.config.quantisation is not None
    whole = small.config.quantisation.model_copy(update={"skip": ("model.visual", "lm_head")})
    family = small.config.model_copy(update={"quantisation": whole})
    model = quantised.load_model(bases.source(models / "base"), family)
    packed = [name for name, module in model.named_modules() if isinstance(module, Linear4bit)]
    assert len(packed) == 2 * 7
    assert not any("visual" in name for name in packed)


def gradients(model: Any, batch: dict[str, Any]) -> dict[str, Any]:
    """What one backward pass leaves on the adapter."""
    model.train()
    model.zero_grad()
    model(**batch).loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}


def evaluated(model: Any, batch: dict[str, Any]) -> Any:
    """The logits of a forward pass as evaluations make it."""
    import torch

    model.eval()
    with torch.no_grad():
        return model(**batch).logits


def test_gradients_after_an_evaluation_are_those_before(
    tuner: Tuner, examples: Examples, models: Path
) -> None:
    import torch

    trainer = tuner.trainer(examples, base=models / "base")
    batch = dict(trainer.data_collator([trainer.train_dataset[number] for number in range(2)]))
    before = gradients(trainer.model, batch)
    evaluated(trainer.model, batch)
    after = gradients(trainer.model, batch)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_without_the_remedy_an_evaluation_rewrites_the_weights(
    small: tiny.Tiny, examples: Examples, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pins the surprise: once bitsandbytes mends it, this fails and `keep_gradients` can go.
    import torch
    from bitsandbytes.functional import has_avx512bf16

    if not has_avx512bf16():
        pytest.skip("this processor has no avx512_bf16")
    monkeypatch.setattr(quantised, "keep_gradients", lambda model: None)
    model = quantised.load_model(bases.source(models / "base"), small.config)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    evaluated(model, {"input_ids": torch.tensor([[5, 6, 7]])})
    assert any(not torch.equal(before[name], weight) for name, weight in model.named_parameters())


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("moment", [(35, 20), (None, 60)])
def test_a_killed_training_ends_in_the_same_bytes_and_curves(
    adapter: Path, models: Path, tuner: Tuner, examples: Examples, moment: tuple[int | None, int]
) -> None:
    step, kept = moment
    with pytest.MonkeyPatch.context() as patch:
        kill_after(step, patch)
        with pytest.raises(KilledError):
            tuner.finetune(examples, models / "resumed", base=models / "base")
    assert watch.newest_complete(tuner.course.checkpoints) == tuner.course.checkpoints / f"checkpoint-{kept}"
    curves = tuner.finetune(examples, models / "resumed", base=models / "base")
    assert files(models / "resumed") == files(adapter)
    assert [step for step, _ in curves.metrics["loss"]] == list(range(5, 61, 5))
    assert [step for step, _ in curves.metrics["eval_loss"]] == [20, 40, 60]


def test_the_files_name_no_path_and_no_time(adapter: Path, models: Path) -> None:
    for name, content in files(adapter).items():
        assert str(models).encode() not in content, name
        assert not re.search(rb"20\d\d-\d\d-\d\d|/root|/home|/tmp", content), name
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "base"
    assert set(files(adapter)) >= {"adapter_config.json", lora.WEIGHTS, record.FILE, "tokenizer.json"}


@pytest.mark.parametrize("offline", ["0", "1"])
def test_whether_the_hub_is_in_reach_moves_no_byte(
    models: Path, adapter: Path, tmp_path: Path, offline: str
) -> None:
    program = (
        "import sys; from pathlib import Path; from bizmeme.qwen_vl import quantised, record, bases;"
        "base, adapter, out = map(Path, sys.argv[1:]); pixels = record.read(adapter).family.pixels;"
        "quantised.load_processor(bases.source(base), pixels).save_pretrained(out)"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": offline, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, str(models / "base"), str(adapter), str(tmp_path)]
    subprocess.run(command, check=True, timeout=300, env=environment)
    saved = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert "tokenizer_config.json" in saved
    assert saved == {name: (adapter / name).read_bytes() for name in saved}


def test_the_record_says_what_the_adapter_was_trained_on(adapter: Path, models: Path) -> None:
    entry = record.read(adapter)
    assert entry.base == bases.LocalBase(
        folder="base", sha256=bases.fingerprint(models / "base" / "model.safetensors")
    )
    assert entry.labels == world.LABELS
    assert entry.prompt == world.PROMPT
    assert entry.versions["torch"]


def test_a_loss_that_is_no_number_stops_the_training(
    tuner: Tuner, examples: Examples, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "trl.SFTTrainer.compute_loss",
        lambda self, model, inputs, **_: (
            next(p for p in model.parameters() if p.requires_grad).sum() * float("nan")
        ),
    )
    with pytest.raises(ModelError, match=r"loss is nan at step 5: .* Lower learning_rate"):
        tuner.finetune(examples, models / "diverged", base=models / "base")
    assert watch.newest_complete(tuner.course.checkpoints) is None


def test_a_strange_label_among_the_rows_is_named(tuner: Tuner, examples: Examples, models: Path) -> None:
    strange = chat_row(world.PROMPT, "gm", label="bulish", image="0.png", key=("biz", 1))
    with pytest.raises(LabelError, match="answer bulish"):
        tuner.trainer(Examples([strange], [], examples.images), base=models / "base")


def test_no_training_rows_are_refused(tuner: Tuner, models: Path) -> None:
    with pytest.raises(DataError, match="no training rows"):
        tuner.trainer(Examples([], [], {}), base=models / "base")


def test_curves_leave_times_out() -> None:
    history = [{"step": 1, "loss": 2.0, "epoch": 0.1}, {"step": 1, "eval_loss": 3.0, "eval_runtime": 9.0}]
    assert sft.curves(history).metrics["loss"] == [(1, 2.0)]
    assert "eval_runtime" not in sft.curves(history).metrics


@pytest.mark.parametrize("name", ["tiny", "small", "qwen2_5_vl_7b"])
def test_the_settings_are_valid(name: str) -> None:
    assert Finetuning.model_validate(section(f"train/{name}")).name == name


@pytest.mark.parametrize("length", [{"steps": 5, "epochs": 1.0}, {"steps": None, "epochs": None}])
def test_a_training_has_one_length(length: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either steps or epochs"):
        Finetuning.model_validate(section("train/small", **length))


def test_epochs_become_steps() -> None:
    settings = Finetuning.model_validate(
        section("train/small", steps=None, epochs=2, batch_size=4, gradient_accumulation=2)
    )
    assert settings.optimiser_steps(rows=40) == 10
