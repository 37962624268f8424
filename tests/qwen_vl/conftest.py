"""What the tests of the models share: one small base and one adapter, trained once for the whole session.

The environment is what the stage runner sets before torch loads: figures do not depend on the processor.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizmeme.ports.vlms import Course, Examples
from bizmeme.qwen_vl.finetune import Finetuning
from bizmeme.qwen_vl.pretrain import Pretraining
from bizmeme.vlms import tiny
from tests.qwen_vl import world

os.environ |= {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

CONF = Path(__file__).parents[2] / "conf"


def section(name: str, /, **changes: Any) -> dict[str, Any]:
    """A file under conf/, with some of its top keys changed."""
    values: Mapping[str, Any] = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    return {**values, **changes}


def finetuning(checkpoints: Path, **changes: Any) -> Course[Finetuning]:
    """A course of the small fine-tuning."""
    settings = Finetuning.model_validate(section("train/small", **changes))
    return Course(settings, world.PROMPT, seed=0, checkpoints=checkpoints)


def pretraining(checkpoints: Path, **changes: Any) -> Course[Pretraining]:
    """A course of the small pre-training."""
    settings = Pretraining.model_validate({**section("base/small")["pretraining"], **changes})
    return Course(settings, world.PROMPT, seed=0, checkpoints=checkpoints)


@pytest.fixture(scope="session")
def small() -> tiny.Tiny:
    return tiny.build(tiny.Config.model_validate(section("vlm/small")))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, small: tiny.Tiny) -> Path:
    """A folder with base/, trained as conf/base/small.yaml says."""
    root = tmp_path_factory.mktemp("models")
    course = pretraining(tmp_path_factory.mktemp("base_checkpoints"))
    small.make_base(world.captions(200, seed=1), root / "base", labels=world.LABELS, course=course)
    return root


@pytest.fixture(scope="session")
def examples() -> Examples:
    return world.examples(80, 16, seed=2)


@pytest.fixture(scope="session")
def adapter(
    models: Path, small: tiny.Tiny, examples: Examples, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An adapter on that base, trained as conf/train/small.yaml says."""
    course = finetuning(tmp_path_factory.mktemp("adapter_checkpoints"))
    folder = models / "adapter"
    small.finetune(examples, folder, base=models / "base", labels=world.LABELS, course=course)
    return folder
